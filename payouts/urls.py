from django.urls import path

from payouts.lists import BankAccountList, BatchList, JournalList
from payouts.views import accounts, batches, journals, overview

app_name = "payouts"
urlpatterns = [
    path("bank-accounts/", BankAccountList.as_view(), name="accounts"),
    path("bank-accounts/new/", accounts.ask, name="account_new"),
    path("bank-accounts/<str:number>/", accounts.detail, name="account"),
    path("bank-accounts/<str:number>/confirm/", accounts.confirm, name="account_confirm"),
    path("bank-accounts/<str:number>/refuse/", accounts.refuse, name="account_refuse"),
    path("bank-accounts/<str:number>/withdraw/", accounts.withdraw, name="account_withdraw"),
    path("bank-accounts/<str:number>/stop/", accounts.stop, name="account_stop"),
    path("settings/paying-accounts/", accounts.paying_accounts, name="paying_accounts"),
    path("payout-files/", BatchList.as_view(), name="batches"),
    path("payout-files/new/", batches.prepare, name="prepare"),
    path("payout-files/<str:number>/", batches.detail, name="batch"),
    path("payout-files/<str:number>/release/", batches.release, name="batch_release"),
    path("payout-files/<str:number>/give-up/", batches.cancel, name="batch_cancel"),
    path("payout-files/<str:number>/execute/", batches.execute, name="batch_execute"),
    path("payout-files/<str:number>/resume/", batches.resume, name="batch_resume"),
    path("payout-files/<str:number>/file.<str:kind>", batches.download, name="batch_file"),
    path("payout-files/<str:number>/lines/<int:pk>/amount/", batches.amount, name="line_amount"),
    path("payout-files/<str:number>/lines/<int:pk>/leave-out/", batches.drop, name="line_drop"),
    path("payout-files/<str:number>/lines/<int:pk>/refused/", batches.fail, name="line_fail"),
    path("rebate-money/", overview.page, name="overview"),
    path("journals/", JournalList.as_view(), name="journals"),
    path("journals/export/", journals.make, name="journal_make"),
    path("journals/<str:number>/", journals.detail, name="journal"),
    path("journals/<str:number>/journal.<str:kind>", journals.download, name="journal_file"),
    path("settings/account-codes/", journals.codes, name="codes"),
]
