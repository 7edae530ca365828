from payouts.models.accounts import BankAccount, PayingAccount
from payouts.models.batches import Batch, BatchLine
from payouts.models.journals import AccountCode, Journal, Journalled

__all__ = ["AccountCode", "BankAccount", "Batch", "BatchLine", "Journal", "Journalled", "PayingAccount"]
