from django.urls import path

from prm.notices import push_views, views, wording_views

app_name = "notices"
urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/count/", views.count, name="count"),
    path("inbox/notices/", views.notices, name="notices"),
    path("inbox/notices/read/", views.read_all, name="read_all"),
    path("inbox/notices/<int:pk>/", views.open_notice, name="open"),
    path("account/letters/", views.letter_choices, name="letters"),
    path("account/devices/", push_views.add, name="device_add"),
    path("account/devices/<int:pk>/remove/", push_views.remove, name="device_remove"),
    path("push-worker.js", push_views.worker, name="push_worker"),
    path("settings/letters/", wording_views.wordings, name="wordings"),
    path("settings/letters/sender/", wording_views.sender, name="sender"),
    path("settings/letters/<str:name>/<slug:language>/", wording_views.words, name="words"),
    path("settings/letters/<str:name>/<slug:language>/reset/", wording_views.reset, name="reset_words"),
    path("settings/letters/<str:name>/<slug:language>/html/", wording_views.words_html, name="words_html"),
    path("mailbox/", views.mailbox, name="mailbox"),
    path("mailbox/<int:pk>/", views.letter, name="letter"),
    path("mailbox/<int:pk>/html/", views.letter_html, name="letter_html"),
]
