"""Addresses of entrance and account. allauth finds its pages by their plain names, ours stand under `accounts:`."""

from django.urls import include, path, re_path

from prm.accounts.lists import InvitationList, UserList
from prm.accounts.views import colleagues, entrance, invitations, own, people, roles

_own = [
    path("sign-in/demo/", entrance.demo_sign_in, name="demo_sign_in"),
    path("sign-out/", entrance.sign_out, name="sign_out"),
    path("account/", own.account, name="account"),
    path("account/sessions/", own.sessions, name="sessions"),
    path("account/sessions/<int:pk>/end/", own.end_one_session, name="end_session"),
    path("account/sessions/end-others/", own.end_others, name="end_other_sessions"),
    path("invitation/<str:token>/", invitations.invitation, name="invitation"),
    path("company/people/", colleagues.people, name="colleagues"),
    path("company/people/invite/", colleagues.invite_colleague, name="invite_colleague"),
    path("company/people/<int:pk>/deactivate/", colleagues.deactivate, name="deactivate_colleague"),
    path("company/people/<int:pk>/reactivate/", colleagues.reactivate, name="reactivate_colleague"),
    path("company/people/invitations/<int:pk>/resend/", colleagues.resend, name="resend_to_colleague"),
    path(
        "company/people/invitations/<int:pk>/withdraw/", colleagues.withdraw, name="withdraw_from_colleague"
    ),
    path("settings/users/", UserList.as_view(), name="users"),
    path("settings/users/invite/", people.invite_person, name="invite"),
    path("settings/users/invitations/", InvitationList.as_view(), name="invitations"),
    path("settings/roles/", roles.roles, name="roles"),
    path("settings/roles/built-in/<slug:role>/", roles.built_in_role, name="built_in_role"),
    path("settings/roles/new/<slug:base>/", roles.new_role, name="new_role"),
    path("settings/roles/own/<slug:code>/", roles.own_role, name="own_role"),
    path("settings/roles/own/<slug:code>/delete/", roles.delete_own_role, name="delete_role"),
    path("settings/users/<int:pk>/", people.person, name="person"),
    path("settings/users/<int:pk>/role/", people.change_person_role, name="change_role"),
    path("settings/users/<int:pk>/manager/", people.change_person_manager, name="change_manager"),
    path("settings/users/<int:pk>/company/", people.add_person_to_company, name="add_to_company"),
    path("settings/users/<int:pk>/deactivate/", people.deactivate_person, name="deactivate"),
    path("settings/users/<int:pk>/reactivate/", people.reactivate_person, name="reactivate"),
    path(
        "settings/users/<int:pk>/second-factor/reset/", people.reset_person_factor, name="reset_second_factor"
    ),
]

urlpatterns = [
    path("", include((_own, "accounts"))),
    path("sign-in/", entrance.sign_in, name="account_login"),
    path("sign-in/code/", entrance.enter_code, name="mfa_authenticate"),
    path("sign-in/inactive/", entrance.inactive, name="account_inactive"),
    path("password/reset/", entrance.password_reset, name="account_reset_password"),
    path("password/reset/sent/", entrance.password_reset_done, name="account_reset_password_done"),
    path(
        "password/reset/done/",
        entrance.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        entrance.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/change/", entrance.password_change, name="account_change_password"),
    path("password/again/", entrance.password_again, name="account_reauthenticate"),
    path("account/second-factor/", entrance.second_factor, name="mfa_index"),
    path("account/second-factor/set-up/", entrance.set_up_second_factor, name="mfa_activate_totp"),
    path("account/second-factor/remove/", entrance.remove_second_factor, name="mfa_deactivate_totp"),
    path("account/second-factor/code/", entrance.code_again, name="mfa_reauthenticate"),
    path("account/second-factor/recovery-codes/", entrance.recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "account/second-factor/recovery-codes/new/",
        entrance.new_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "account/second-factor/recovery-codes/download/",
        entrance.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
]
