"""The function of every route but those of search."""

from api.application import application
from api.routes import (
    account,
    admin_jobs,
    admin_queues,
    admin_users,
    auth,
    changes,
    docs,
    health,
    invites,
    items,
    lists,
    live,
    media,
    onboarding,
    originals,
    places,
    storage,
    timeline,
    uploads,
)

app = application(
    "api",
    [
        auth.routes,
        account.routes,
        onboarding.routes,
        invites.routes,
        health.routes,
        docs.routes,
        uploads.routes,
        timeline.routes,
        lists.routes,
        items.routes,
        changes.routes,
        originals.routes,
        places.routes,
        media.routes,
        live.routes,
        storage.routes,
        admin_users.routes,
        admin_jobs.routes,
        admin_queues.routes,
    ],
)
