from payouts.services.accounts import (
    ask_for_account,
    confirm_account,
    refuse_account,
    set_paying_account,
    stop_account,
    withdraw_account,
)
from payouts.services.executing import book_batch, fail_line, start_booking
from payouts.services.journals import export_journal, set_account_code, set_account_codes
from payouts.services.preparing import cancel_batch, change_line, drop_line, prepare_batch
from payouts.services.releasing import release_batch

__all__ = [
    "ask_for_account",
    "book_batch",
    "cancel_batch",
    "change_line",
    "confirm_account",
    "drop_line",
    "export_journal",
    "fail_line",
    "prepare_batch",
    "refuse_account",
    "release_batch",
    "set_account_code",
    "set_account_codes",
    "set_paying_account",
    "start_booking",
    "stop_account",
    "withdraw_account",
]
