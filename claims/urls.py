from django.urls import path

from claims.lists import AgreementList, ClaimList, DropList, SellThroughList, StockList
from claims.views import agreements, claims, drops

app_name = "claims"
_AGREEMENT = "agreements/<str:number>/<int:version>/"
urlpatterns = [
    path("agreements/", AgreementList.as_view(), name="agreements"),
    path("agreements/new/", agreements.new, name="agreement_new"),
    path(_AGREEMENT, agreements.detail, name="agreement"),
    path(f"{_AGREEMENT}products/", agreements.add, name="agreement_add"),
    path(f"{_AGREEMENT}products/<int:pk>/remove/", agreements.remove, name="agreement_remove"),
    path(f"{_AGREEMENT}submit/", agreements.submit, name="agreement_submit"),
    path(f"{_AGREEMENT}approve/", agreements.approve, name="agreement_approve"),
    path(f"{_AGREEMENT}send-back/", agreements.send_back, name="agreement_send_back"),
    path(f"{_AGREEMENT}withdraw/", agreements.withdraw, name="agreement_withdraw"),
    path(f"{_AGREEMENT}end/", agreements.end, name="agreement_end"),
    path(f"{_AGREEMENT}version/", agreements.version, name="agreement_version"),
    path("claims/", ClaimList.as_view(), name="claims"),
    path("claims/new/", claims.new, name="claim_new"),
    path("claims/<str:number>/", claims.detail, name="claim"),
    path("claims/<str:number>/submit/", claims.submit, name="claim_submit"),
    path("claims/<str:number>/withdraw/", claims.withdraw, name="claim_withdraw"),
    path("claims/<str:number>/approve/", claims.approve, name="claim_approve"),
    path("claims/<str:number>/reject/", claims.reject, name="claim_reject"),
    path("claims/<str:number>/pay/", claims.pay, name="claim_pay"),
    path("claims/<str:number>/lines/<int:pk>/accept/", claims.accept_line, name="line_accept"),
    path("claims/<str:number>/lines/<int:pk>/reject/", claims.reject_line, name="line_reject"),
    path("sell-through/", SellThroughList.as_view(), name="sell_through"),
    path("stock/", StockList.as_view(), name="stock"),
    path("price-drops/", DropList.as_view(), name="drops"),
    path("price-drops/new/", drops.new, name="drop_new"),
    path("price-drops/<str:number>/", drops.detail, name="drop"),
    path("price-drops/<str:number>/confirm/", drops.confirm, name="drop_confirm"),
    path("price-drops/<str:number>/refuse/", drops.refuse, name="drop_refuse"),
    path("price-drops/<str:number>/claim/", drops.claim, name="drop_claim"),
]
