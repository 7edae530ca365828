from django.urls import path

from prm.outbox import views
from prm.outbox.lists import EventList, MissedList

app_name = "outbox"
urlpatterns = [
    path("settings/events/", MissedList.as_view(), name="list"),
    path("settings/events/retry/", views.retry_dead, name="retry_all"),
    path("settings/events/all/", EventList.as_view(), name="events"),
    path("settings/events/all/<int:pk>/", views.event, name="event"),
    path("settings/events/<int:pk>/", views.missed, name="missed"),
    path("settings/events/<int:pk>/retry/", views.retry, name="retry"),
    path("settings/events/<int:pk>/give-up/", views.give_up, name="give_up"),
]
