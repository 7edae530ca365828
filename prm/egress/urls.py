from django.urls import path

from prm.egress import views
from prm.egress.lists import MessageList, ReceiverList

app_name = "egress"
urlpatterns = [
    path("settings/webhooks/", ReceiverList.as_view(), name="list"),
    path("settings/webhooks/new/", views.choose, name="choose"),
    path("settings/webhooks/new/<slug:kind>/", views.new, name="new"),
    path("settings/webhooks/messages/", MessageList.as_view(), name="messages"),
    path("settings/webhooks/messages/<int:pk>/", views.message, name="message"),
    path("settings/webhooks/messages/<int:pk>/retry/", views.retry, name="retry"),
    path("settings/webhooks/messages/<int:pk>/drop/", views.drop, name="drop"),
    path("settings/webhooks/<int:pk>/", views.receiver, name="receiver"),
    path("settings/webhooks/<int:pk>/edit/", views.edit, name="edit"),
    path("settings/webhooks/<int:pk>/test/", views.test, name="test"),
    path("settings/webhooks/<int:pk>/secret/", views.secret, name="secret"),
    path("settings/webhooks/<int:pk>/rotate/", views.rotate, name="rotate"),
    path("settings/webhooks/<int:pk>/switch/", views.switch, name="switch"),
    path("settings/webhooks/<int:pk>/delete/", views.delete, name="delete"),
]
