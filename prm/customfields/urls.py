from django.urls import path

from prm.customfields import design_views, file_views, live_views, version_views, views

app_name = "customfields"
urlpatterns = [
    path("own/<str:target>/<int:pk>/<str:code>/", file_views.file, name="file"),
    path("own/<str:target>/rules/", live_views.rules, name="rules"),
    path("settings/fields/", views.index, name="index"),
    path("settings/fields/<str:target>/", views.fields, name="fields"),
    path("settings/fields/<str:target>/new/", views.new, name="new"),
    path("settings/fields/<str:target>/<str:code>/", views.edit, name="edit"),
    path("settings/fields/<str:target>/<str:code>/move/", views.move, name="move"),
    path("settings/fields/<str:target>/<str:code>/delete/", views.delete, name="delete"),
    path("settings/fields/<str:target>/<str:code>/restore/", views.restore, name="restore"),
    path("settings/forms/<str:target>/", design_views.design, name="design"),
    path("settings/forms/<str:target>/canvas/", design_views.canvas, name="canvas"),
    path("settings/forms/<str:target>/rule/", design_views.rule, name="rule"),
    path("settings/forms/<str:target>/publish/", design_views.publish, name="publish"),
    path("settings/forms/<str:target>/discard/", design_views.discard, name="discard"),
    path("settings/forms/<str:target>/versions/", version_views.versions, name="versions"),
    path("settings/forms/<str:target>/versions/<int:number>/", version_views.version, name="version"),
    path(
        "settings/forms/<str:target>/versions/<int:number>/restore/",
        version_views.restore,
        name="restore_version",
    ),
    path("settings/forms/<str:target>/compare/", version_views.compare, name="compare"),
]
