from django.urls import path

from partners import change_views, tier_views, views
from partners.lists import PartnerList

app_name = "partners"
urlpatterns = [
    path("partners/", PartnerList.as_view(), name="list"),
    path("partners/new/", views.create, name="create"),
    path("partners/tier-review/", tier_views.review, name="tier_review"),
    path("partners/<int:pk>/", views.detail, name="detail"),
    path("partners/<int:pk>/edit/", views.edit, name="edit"),
    path("partners/<int:pk>/become/<slug:state>/", views.status, name="status"),
    path("partners/<int:pk>/tier/", views.tier, name="tier"),
    path("partners/<int:pk>/contacts/new/", views.contact, name="contact_new"),
    path("partners/<int:pk>/contacts/<int:contact_pk>/", views.contact, name="contact"),
    path("partners/<int:pk>/contacts/<int:contact_pk>/remove/", views.contact_remove, name="contact_remove"),
    path("partners/<int:pk>/managers/new/", views.assign, name="assign"),
    path("partners/<int:pk>/managers/<int:user_pk>/remove/", views.unassign, name="unassign"),
    path("partners/<int:pk>/changes/<int:change_pk>/amend/", change_views.amend, name="change_amend"),
    path(
        "partners/<int:pk>/changes/<int:change_pk>/withdraw/", change_views.withdraw, name="change_withdraw"
    ),
    path("partners/<int:pk>/people/<int:member_pk>/remove/", views.member_remove, name="member_remove"),
    path("settings/tiers/", tier_views.tiers, name="tiers"),
    path("settings/tiers/new/", tier_views.tier_new, name="tier_new"),
    path("settings/tiers/<slug:code>/", tier_views.tier_settings, name="tier_settings"),
    path("settings/tiers/<slug:code>/remove/", tier_views.tier_remove, name="tier_remove"),
    path("company/", views.company, name="company"),
]
