"""The whole operator as one asyncio program: every part is made, wired and supervised here."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from uuid import uuid4

from arkalia_operator import catalogue, metrics, rbac
from arkalia_operator.backoff import Backoff
from arkalia_operator.cluster.api_keys import ApiKeys
from arkalia_operator.cluster.bundles import Bundles
from arkalia_operator.cluster.certificates import Certificates
from arkalia_operator.cluster.client import Client
from arkalia_operator.cluster.credentials import Credentials
from arkalia_operator.cluster.drifts import Drifts
from arkalia_operator.cluster.events import Recorder
from arkalia_operator.cluster.execute import Executor
from arkalia_operator.cluster.informers import REQUIRED, Informers
from arkalia_operator.cluster.issuer import IssuerReader
from arkalia_operator.cluster.kinds import ACTION, MODULE, SYSTEM
from arkalia_operator.cluster.lease import Lease, LeaseKey, Terms
from arkalia_operator.cluster.secrets import fresh_for
from arkalia_operator.cluster.session import Session, own_namespace
from arkalia_operator.cluster.store import Store, SystemKey
from arkalia_operator.desired.certificates import Lifetimes
from arkalia_operator.desired.resolve import Defaults, Modules
from arkalia_operator.errors import ApiError, ForbiddenError
from arkalia_operator.handlers.lifecycle import watch_resources
from arkalia_operator.planning.upgrades import Waves, renderer
from arkalia_operator.runtime.actions import Actions
from arkalia_operator.runtime.checks import liveness, readiness
from arkalia_operator.runtime.data import DataServices
from arkalia_operator.runtime.election import Election
from arkalia_operator.runtime.identity import Identity
from arkalia_operator.runtime.intake import Intake, OwnResources
from arkalia_operator.runtime.loop import Loop
from arkalia_operator.runtime.permissions import Permissions
from arkalia_operator.runtime.probes import Probes
from arkalia_operator.runtime.pulse import Pulse
from arkalia_operator.runtime.queue import Queue
from arkalia_operator.runtime.reconcile import Reconciler, now
from arkalia_operator.runtime.resolver import Resolver
from arkalia_operator.runtime.resources import Resources
from arkalia_operator.runtime.resync import resync, resync_seconds
from arkalia_operator.runtime.supervision import supervise
from arkalia_operator.runtime.sweeper import Sweeper
from arkalia_operator.runtime.upgrades import Upgrades
from arkalia_operator.settings import Settings

LOGGER = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)
LEASE_REQUESTS = 3
"""At once: a renewal, the same once more because it is late, and the farewell."""
BLIND_SECONDS = 1.0
"""Between two looks whether the cluster will never be known."""


class Program:
    """The operator's parts, and the order in which they start and stop."""

    def __init__(self, settings: Settings, session: Session) -> None:
        self._settings = settings
        self._session = session
        lease = _lease(settings, session)
        self._election = Election(lease, settings.lease_name) if lease else None
        self._client = Client(session, settings.requests_in_flight, lease)
        self._store = Store()
        self._resources = Resources(settings.system_selector)
        self._queue: Queue[SystemKey] = Queue()
        self._intake = Intake(self._resources, self._queue)
        namespaces = settings.watch_namespaces
        self._informers = Informers(self._client, self._store, namespaces, self._queue.add)
        own = OwnResources(self._resources, self._intake)
        for kind in (MODULE, ACTION, SYSTEM):
            self._informers.include(kind, own)
        self._sweeper = Sweeper(self._client, self._resources, self._intake, namespaces)
        self._permissions = Permissions(
            self._client,
            namespaces,
            lambda: rbac.rights(self._informers.offered, lease.key if lease else None),
        )
        self._executor = Executor(self._client, self._store, self._drifts())
        self._recorder = Recorder(self._client)
        self._issuer = IssuerReader(self._client)
        self._pulse = Pulse(self._measure)
        self._builtin = catalogue.load()
        self._defaults = Defaults(version("arkalia-operator"), settings.image_registry)
        self._upgrades = self._upgrade()
        self._primed = False
        self._stopping = asyncio.Event()
        self._drained = asyncio.Event()

    async def run(self) -> bool:
        """Run until a signal asks to stop. False if the operator cannot go on.

        Raises ResourcesNotServedError if the CRDs are missing, OSError if the port is taken.
        """
        self._take_signals()
        probes = self._probes()
        port = await probes.start(self._settings.health_port)
        LOGGER.info("Probes and metrics are served on port %d.", port)
        try:
            await self._prime()
            return await supervise(
                {
                    "credentials": self._session.keep_fresh(),
                    "heartbeat": self._session.watch_over(),
                    "informers": self._informers.run(self._intake.everything),
                    "kopf": watch_resources(
                        self._session,
                        self._intake,
                        self._settings.watch_namespaces,
                        self._take_signals,
                    ),
                    "sweeper": self._sweeper.run(self._settings.sweep_seconds),
                    "resync": resync(
                        self._resources.system_keys,
                        self._queue.add,
                        partial(resync_seconds, self._settings.resync_seconds),
                    ),
                    "issuer": self._issuer.run(self._intake.everything),
                    "permissions": self._look_at_rights(),
                    "events": self._recorder.run(),
                    "pulse": self._pulse.run(),
                    "loop": self._work(),
                    "drain": self._drain(),
                },
                self._drained,
            )
        finally:
            await probes.stop()

    def _take_signals(self) -> None:
        """Ask for SIGTERM and SIGINT; called again after kopf took them for itself."""
        for each in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(each, self._stopping.set)

    def _probes(self) -> Probes:
        return Probes(
            liveness(self._pulse, self._informers, self._queue, self._sweeper, self._election),
            readiness(self._informers, self._permissions, lambda: self._primed),
        )

    async def _prime(self) -> None:
        """Read all systems, modules and the issuer of tokens before anything is decided.

        Waits for the API server.
        """
        backoff = Backoff(0.2, 3.0)
        while not self._stopping.is_set():
            try:
                await self._sweeper.prime()
                await self._issuer.read()
            except ApiError as error:
                LOGGER.warning("The resources cannot be read yet: %s", error)
                if isinstance(error, ForbiddenError):
                    await self._permissions.look_if_old()  # the probe and the log name the rule
                await asyncio.sleep(backoff.next())
            else:
                self._primed = True
                return

    async def _work(self) -> None:
        """Lead once the cluster is known: before, everything would look missing.

        Where that cannot be, for want of a right, lead in order to say so.
        """
        if self._election is not None:
            self._queue.pause()
        await self._permissions.known.wait()
        async with asyncio.TaskGroup() as group:
            seeing = group.create_task(self._see(), name="seeing")
            while not seeing.done() and not self._is_blind():
                await asyncio.wait({seeing}, timeout=BLIND_SECONDS)
            reconciler = self._reconciler(seeing.done)
            if self._election is None:
                await self._lead(reconciler)
            else:
                await self._election.run(lambda: self._lead(reconciler))

    async def _see(self) -> None:
        """Wait until the cluster is known, and look at every system then."""
        await self._informers.synced()
        LOGGER.info(
            "The cluster is known: %d systems, %d objects.",
            len(self._resources.systems),
            len(self._store),
        )
        self._intake.everything()

    def _is_blind(self) -> bool:
        """Whether a kind may not be listed of which every system has objects."""
        missing = {(each.resource, each.verb) for each in self._permissions.anywhere()}
        return any((kind.plural, "list") in missing for kind in REQUIRED)

    async def _lead(self, reconciler: Reconciler) -> None:
        """Reconcile until cancelled, every system first: nobody knows what was left undone."""
        self._queue.resume()
        self._intake.everything()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._upgrades.run(self._resources, self._queue.add))
                await Loop(self._queue, reconciler).run(self._settings.workers)
                await asyncio.Event().wait()  # the queue was closed: supervision ends this task too
        finally:
            self._queue.pause()
            reconciler.rest()

    def _upgrade(self) -> Upgrades:
        settings = self._settings
        operator = renderer(Modules(self._builtin, {}, {}, self._defaults))
        waves = Waves(settings.upgrades_share, timedelta(seconds=settings.upgrades_soak_seconds))
        return Upgrades(operator, settings.upgrades, waves, now)

    async def _look_at_rights(self) -> None:
        """Ask for the rights on every kind that there is, again and again."""
        await self._informers.discovered()
        await self._permissions.run(self._rights_changed)

    def _rights_changed(self) -> None:
        """Try at once what was refused, and tell every system."""
        self._executor.refusals.forget_all()
        self._intake.everything()

    def _identity(self) -> Identity:
        settings = self._settings
        lifetimes = Lifetimes(
            settings.authority_seconds, settings.certificate_seconds, settings.spread_seconds
        )
        certificates = Certificates(self._client, lifetimes, fresh=self._fresh)
        return Identity(certificates, lifetimes, lambda: self._issuer.known, now, self._fresh)

    def _drifts(self) -> Drifts:
        return Drifts(rest_seconds=self._settings.contention_rest_seconds)

    def _fresh(self) -> float:
        return fresh_for(len(self._resources.systems))

    def _reconciler(self, sees: Callable[[], bool]) -> Reconciler:
        return Reconciler(
            resources=self._resources,
            store=self._store,
            client=self._client,
            executor=self._executor,
            recorder=self._recorder,
            identity=self._identity(),
            data=DataServices(
                Credentials(self._client, fresh=self._fresh),
                self._settings.spread_seconds,
                now,
                self._fresh,
            ),
            bundles=Bundles(self._client),
            api_keys=ApiKeys(self._client),
            served=lambda: self._informers.served,
            resolver=Resolver(self._resources, self._builtin, self._defaults),
            upgrades=self._upgrades,
            actions=Actions(self._client, self._resources),
            missing_rights=self._permissions.missing,
            lacking=self._permissions.anywhere,
            sees=sees,
        )

    async def _drain(self) -> None:
        """After the signal: take no more work, finish what runs, let another operator lead."""
        await self._stopping.wait()
        LOGGER.info("Asked to stop: %d systems wait, they are left.", len(self._queue))
        self._queue.close()
        try:
            async with asyncio.timeout(self._settings.drain_seconds):
                await self._queue.drained()
        except TimeoutError:
            LOGGER.warning("Reconciles still run after the time to drain; they are cut off.")
        if self._election is not None:
            await self._election.resign()
        self._drained.set()
        await asyncio.Event().wait()

    def _measure(self) -> None:
        self._informers.measure()
        metrics.RECORDS.set(len(self._store))
        metrics.SYSTEMS.set(len(self._resources.systems))
        metrics.WORKQUEUE_LONGEST.labels(metrics.NAME).set(self._queue.longest_running())
        metrics.WORKQUEUE_UNFINISHED.labels(metrics.NAME).set(self._queue.unfinished())
        metrics.QUEUE_AGE.set(self._queue.stuck_seconds())
        if self._election is not None:
            self._election.measure()


def _lease(settings: Settings, session: Session) -> Lease | None:
    """The Lease that this process may hold, over requests that wait for no others."""
    if not settings.leader_election:
        return None
    key = LeaseKey(settings.lease_namespace or own_namespace(), settings.lease_name)
    # A container that is started again has the name of its pod, and is not the one before.
    identity = f"{socket.gethostname()}_{uuid4()}"
    terms = Terms(settings.lease_seconds)
    client = Client(session, LEASE_REQUESTS, patience=terms.patience_seconds)
    return Lease(client, key, identity, terms)


async def operate(settings: Settings) -> bool:
    """Run the operator; True if it was asked to stop. Raises OperatorError and kopf.LoginError."""
    session = Session()
    try:
        return await Program(settings, session).run()
    finally:
        await session.close()
