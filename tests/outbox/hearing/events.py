from prm.outbox.events import event


@event("tests.counted", version=1, label="Counted")
class Counted:
    key: str
    number: int
