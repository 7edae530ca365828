from django.urls import path

from prm.automations import views
from prm.automations.lists import AutomationList, RunList

app_name = "automations"
urlpatterns = [
    path("settings/automations/", AutomationList.as_view(), name="list"),
    path("settings/automations/new/", views.new, name="new"),
    path("settings/automations/runs/", RunList.as_view(), name="runs"),
    path("settings/automations/runs/<int:pk>/", views.run, name="run"),
    path("settings/automations/runs/<int:pk>/repeat/", views.repeat, name="repeat"),
    path("settings/automations/<int:pk>/", views.automation, name="automation"),
    path("settings/automations/<int:pk>/edit/", views.edit, name="edit"),
    path("settings/automations/<int:pk>/condition/", views.condition, name="condition"),
    path("settings/automations/<int:pk>/actions/<slug:kind>/", views.add_action, name="add_action"),
    path(
        "settings/automations/<int:pk>/actions/<int:action_pk>/edit/", views.edit_action, name="edit_action"
    ),
    path(
        "settings/automations/<int:pk>/actions/<int:action_pk>/move/", views.move_action, name="move_action"
    ),
    path(
        "settings/automations/<int:pk>/actions/<int:action_pk>/remove/",
        views.remove_action,
        name="remove_action",
    ),
    path("settings/automations/<int:pk>/test/", views.test, name="test"),
    path("settings/automations/<int:pk>/switch/", views.switch, name="switch"),
    path("settings/automations/<int:pk>/delete/", views.delete, name="delete"),
    path("tasks/<int:pk>/", views.task, name="task"),
    path("tasks/<int:pk>/done/", views.done, name="done"),
]
