from django.urls import path

from prm.approvals import link_views, many_views, settings_views, views
from prm.approvals.lists import AskedList, DoneList

app_name = "approvals"
urlpatterns = [
    path("inbox/decisions/", views.tasks, name="tasks"),
    path("inbox/decisions/approve/", many_views.approve, name="approve_many"),
    path("inbox/decisions/reject/", many_views.reject, name="reject_many"),
    path("inbox/decisions/hand-over/", many_views.hand_over, name="hand_over_many"),
    path("inbox/decisions/held/", views.held, name="held"),
    path("inbox/decisions/undo/", many_views.undo, name="undo_all"),
    path("inbox/decisions/<int:pk>/", views.task, name="task"),
    path("inbox/decisions/<int:pk>/undo/", views.undo, name="undo"),
    path("inbox/decisions/<int:pk>/approve/", views.approve, name="approve"),
    path("inbox/decisions/<int:pk>/reject/", views.reject, name="reject"),
    path("inbox/decisions/<int:pk>/return/", views.send_back, name="return"),
    path("inbox/decisions/<int:pk>/hand-over/", views.hand_over, name="hand_over"),
    path("inbox/decisions/<int:pk>/add/", views.add, name="add"),
    path("inbox/decisions/<int:pk>/comment/", views.comment, name="comment"),
    path("inbox/asked/", AskedList.as_view(), name="asked"),
    path("inbox/asked/<int:pk>/", views.asked_about, name="asked_about"),
    path("inbox/asked/<int:pk>/answer/", views.answer, name="answer"),
    path("inbox/done/", DoneList.as_view(), name="done"),
    path("inbox/attachments/<int:pk>/", views.attachment, name="attachment"),
    path("inbox/away/", settings_views.away, name="away"),
    path("inbox/away/<int:pk>/end/", settings_views.end_away, name="end_away"),
    path("settings/working-time/", settings_views.working_time, name="working_time"),
    path("settings/working-time/<int:pk>/remove/", settings_views.remove_day, name="remove_day"),
    path("decide/<str:token>/", link_views.decide, name="link"),
]
