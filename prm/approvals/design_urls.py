from django.urls import path

from prm.approvals import design_views as views

app_name = "flows"
urlpatterns = [
    path("settings/flows/", views.flows, name="list"),
    path("settings/flows/<slug:subject>/", views.designer, name="designer"),
    path("settings/flows/<slug:subject>/draft/", views.save, name="save"),
    path("settings/flows/<slug:subject>/draft/discard/", views.discard, name="discard"),
    path("settings/flows/<slug:subject>/panel/", views.node_panel, name="panel"),
    path("settings/flows/<slug:subject>/dry-run/", views.dry_run, name="dry_run"),
    path("settings/flows/<slug:subject>/publish/", views.publish, name="publish"),
    path("settings/flows/<slug:subject>/import/", views.import_text, name="import"),
    path("settings/flows/<slug:subject>/versions/", views.versions, name="versions"),
    path("settings/flows/<slug:subject>/versions/<int:number>/", views.version, name="version"),
    path("settings/flows/<slug:subject>/versions/<int:number>/text/", views.export_text, name="text"),
    path("settings/flows/<slug:subject>/versions/<int:number>/restore/", views.restore, name="restore"),
    path("settings/flows/<slug:subject>/versions/<int:number>/move/", views.move_cases, name="move"),
    path("settings/flows/<slug:subject>/compare/", views.compare, name="compare"),
]
