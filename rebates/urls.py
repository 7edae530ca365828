from django.urls import path

from rebates.books import LedgerList
from rebates.lists import PaymentList, ProgrammeList, RunList, StatementList
from rebates.views import backtests, explained, ledger, programmes, runs, statements

app_name = "rebates"
urlpatterns = [
    path("programmes/", ProgrammeList.as_view(), name="programmes"),
    path("programmes/new/", programmes.create, name="programme_new"),
    path("programmes/preview/", programmes.preview, name="preview"),
    path("programmes/details/", programmes.details, name="programme_details"),
    path("programmes/<slug:code>/", programmes.detail, name="programme"),
    path("programmes/<slug:code>/amend/", programmes.amend, name="amend"),
    path("programmes/<slug:code>/publish/", programmes.publish, name="publish"),
    path("programmes/<slug:code>/approve/", programmes.approve, name="approve_publication"),
    path("programmes/<slug:code>/reject/", programmes.reject, name="reject_publication"),
    path("programmes/<slug:code>/withdraw/", programmes.withdraw, name="withdraw_publication"),
    path("programmes/<slug:code>/delete-draft/", programmes.delete_draft, name="delete_draft"),
    path("programmes/<slug:code>/back-test/", backtests.page, name="back_test"),
    path("programmes/<slug:code>/import/", programmes.import_text, name="programme_import"),
    path("programmes/<slug:code>/export.yaml", programmes.text, name="programme_text"),
    path("accruals/", explained.accruals, name="accruals"),
    path("accruals/<slug:programme>/<str:period>/<int:partner>/", explained.accrual, name="accrual"),
    path("settlements/", RunList.as_view(), name="runs"),
    path("settlements/start/", runs.start, name="start"),
    path("settlements/<str:number>/", runs.detail, name="run"),
    path("settlements/<str:number>/partners/<int:pk>/", runs.partner, name="run_partner"),
    path("settlements/<str:number>/recompute/", runs.recompute, name="recompute"),
    path("settlements/<str:number>/discard/", runs.discard, name="discard"),
    path("settlements/<str:number>/review/", runs.review, name="review"),
    path("settlements/<str:number>/approve/", runs.approve, name="approve"),
    path("settlements/<str:number>/reject/", runs.reject, name="reject"),
    path("settlements/<str:number>/withdraw/", runs.withdraw, name="withdraw"),
    path("settlements/<str:number>/confirm-close/", runs.confirm_close, name="confirm_close"),
    path("settlements/<str:number>/close/", runs.close, name="close"),
    path("settlements/<str:number>/confirm-release/", runs.confirm_release, name="confirm_release"),
    path("settlements/<str:number>/release/", runs.release, name="release"),
    path("rebates/", statements.overview, name="overview"),
    path("statements/", StatementList.as_view(), name="statements"),
    path("statements/<str:number>/", statements.statement, name="statement"),
    path("statements/<str:number>/statement.pdf", statements.pdf, name="statement_pdf"),
    path(
        "statements/<str:number>/figures/<slug:programme>/<slug:figure>/",
        explained.statement_figure,
        name="statement_figure",
    ),
    path("statements/<str:number>/recompute.zip", statements.kit, name="statement_kit"),
    path("statements/<str:number>/pay/", statements.pay, name="pay"),
    path("results/<int:pk>/", explained.result, name="result"),
    path("ledger/", LedgerList.as_view(), name="ledger"),
    path("ledger/<int:pk>/", ledger.posting, name="posting"),
    path("payouts/", PaymentList.as_view(), name="payments"),
]
