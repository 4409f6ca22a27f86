"""Reasons of the conditions and Events of every kind: facts.

They are API: a released one keeps its meaning.
"""

from __future__ import annotations

from arkalia_operator.api.words import Explained


class Reason(Explained):
    """Why a condition is what it is."""

    SYSTEM_READY = "SystemReady", "All modules run and serve."
    NOT_LOOKED_AT = (
        "NotLookedAt",
        "No operator has looked at the resource since it was made: this is what the API server "
        "says until one does.",
        "Wait a moment; if it lasts, `arkalia status` tells which operators there are, and why "
        "none of them takes the resource: by its namespace or its labels, or since none runs.",
    )
    SPEC_ACCEPTED = "SpecAccepted", "Every part of the spec is understood."
    INVALID_SPEC = (
        "InvalidSpec",
        "A part of the spec cannot be carried out as it is written.",
        "Correct the part of the spec that the message names.",
    )
    VERSION_NOT_SUPPORTED = (
        "VersionNotSupported",
        "`spec.version` names a version that this operator does not carry.",
        "Set `spec.version` to a version that the message lists, leave it out, or install the "
        "operator that carries it.",
    )
    MODULE_NOT_FOUND = (
        "ModuleNotFound",
        "`spec.modules` names a module that is neither built in nor an ArkaliaModule of the "
        "namespace.",
        "Correct the name, apply the ArkaliaModule into the system's namespace, or remove the "
        "entry from `spec.modules`.",
    )
    MODULE_INVALID = (
        "ModuleInvalid",
        "An ArkaliaModule cannot be used as it is.",
        "Correct the ArkaliaModule as the message says, or switch the module off in "
        "`spec.modules`.",
    )
    APPLY_FAILED = (
        "ApplyFailed",
        "The API server refused an object of the system.",
        "Read the API server's answer in the message: a quota, an admission policy or a missing "
        "right of the operator. The operator tries again by itself.",
    )
    IMAGE_CANNOT_BE_PULLED = (
        "ImageCannotBePulled",
        "A pod's image cannot be pulled.",
        "Correct `spec.images` or the module's image and tag, see that the registry can be "
        "reached from the nodes, and name a pull secret in `spec.images.pullSecrets` if it asks "
        "for one.",
    )
    CONTAINER_CRASHES = (
        "ContainerCrashes",
        "A container of a module ends again and again.",
        "Read the last lines of the container's log (`arkalia logs --module`). Exit code 78 is a "
        "setting that the module refuses; `OOMKilled` asks for a higher memory limit.",
    )
    CONTAINER_CANNOT_START = (
        "ContainerCannotStart",
        "A container cannot be created from its configuration.",
        "Create the Secret or ConfigMap, or its key, that the message names.",
    )
    POD_CANNOT_BE_CREATED = (
        "PodCannotBeCreated",
        "The cluster refuses to create a pod: quota, limits or Pod Security.",
        "Raise the namespace's quota or limits, or take out of `podTemplate` what Pod Security "
        "forbids.",
    )
    POD_CANNOT_BE_SCHEDULED = (
        "PodCannotBeScheduled",
        "No node takes a pod.",
        "Make room on the nodes, lower the module's requests, or correct `placement`. A volume "
        "that waits for its storage class has the same effect.",
    )
    STORAGE_CLASS_MISSING = (
        "StorageClassMissing",
        "A volume names no StorageClass, and the cluster has no default one.",
        "Name a StorageClass in the field that the message names, or mark one as the cluster's "
        "default (annotation `storageclass.kubernetes.io/is-default-class`): Kubernetes then "
        "gives it to the volumes that wait.",
    )
    NAMESPACE_TERMINATING = (
        "NamespaceTerminating",
        "The namespace is being deleted, so nothing new can be made in it.",
        "Wait for the namespace's end, and apply the system into another one. `kubectl get "
        "namespace -o yaml` tells what holds it.",
    )
    ROLLOUT_STALLED = (
        "RolloutStalled",
        "A rollout has made no progress within its deadline.",
        "Look at the module's newest pods (`arkalia events`, `arkalia logs --module`); mend the "
        "cause or go back to the former spec.",
    )
    ROLLING_OUT = (
        "RollingOut",
        "Pods are being created or replaced.",
        "Wait. `arkalia events` shows the steps.",
    )
    PODS_NOT_READY = (
        "PodsNotReady",
        "Pods run, but do not all answer their readiness probe.",
        "Wait; if it lasts, read the module's log: `/health/ready` names what it lacks.",
    )
    MIGRATING = (
        "Migrating",
        "The schema of a module is moved before its new pods start.",
        "Wait. The pods serve on as they were.",
    )
    MIGRATION_FAILED = (
        "MigrationFailed",
        "The Job that moves the schema of a module has given up; the pods stay as they were.",
        "Read the log of the Job that the message names, mend the cause, and delete the Job: the "
        "operator makes it anew.",
    )
    PROVISIONING = (
        "Provisioning",
        "A data service, or what a module has in it, is being prepared.",
        "Wait. The first start of a data service takes up to a minute.",
    )
    PROVISIONING_FAILED = (
        "ProvisioningFailed",
        "The Job that prepares a data service for the modules has given up.",
        "Read the log of the Job that the message names. With an external server: can it be "
        "reached, and may its user create roles? Then delete the Job.",
    )
    PROVISIONED = "Provisioned", "Every data service runs, and every module can use its own part."
    NOT_NEEDED = "NotNeeded", "No module needs a data service."
    RESTARTING = (
        "Restarting",
        "A data service of one instance restarts: it serves nothing until it is there again.",
        "Wait. For no interruption use `mode: external` or `mode: cnpg` in `spec.data`.",
    )
    LINEAGE_MISMATCH = (
        "LineageMismatch",
        "Volumes or Secrets of an earlier system of this name do not belong together: nothing of "
        "them is touched.",
        "Decide which data is wanted: restore the missing volume or Secret of the earlier "
        "system, or delete all that is left of it. Nothing is deleted for you.",
    )
    SECRET_MISSING = (
        "SecretMissing",
        "A Secret that `spec.data` names does not exist.",
        "Create the Secret that the message names in the system's namespace, or correct its name "
        "in `spec.data`.",
    )
    SECRET_INVALID = (
        "SecretInvalid",
        "A Secret of a data service does not hold what it must.",
        "Give the Secret the keys that the message names.",
    )
    NOT_CONFIGURED = (
        "NotConfigured",
        "The spec names no language model. The system is ready without one.",
        "Write `spec.llm: {mode: external, url: ...}` with the base URL of a model server, or "
        "`{mode: builtin, models: [...]}` for one that the operator runs, or leave it so.",
    )
    MODELS_LOADING = (
        "ModelsLoading",
        "The builtin model server starts, pulls its models or loads them.",
        "Wait. Large models take a while; `arkalia logs --module llm` tells how far it is.",
    )
    MODEL_CANNOT_BE_PULLED = (
        "ModelCannotBePulled",
        "The builtin model server cannot get one of its models.",
        "Correct the model's name in `spec.llm.models`, or let the pod reach the registry that "
        "the message names (`spec.network.proxy`, `spec.security.networkPolicies`). It is tried "
        "again by itself, at most five minutes later.",
    )
    MODEL_CANNOT_BE_LOADED = (
        "ModelCannotBeLoaded",
        "The builtin model server cannot hold all of its models in memory.",
        "Raise `spec.llm.resources`, or name fewer or smaller models.",
    )
    API_KEY_MISSING = (
        "ApiKeyMissing",
        "A Secret with the API key of a model server does not exist, or lacks its key.",
        "Create the Secret that the message names in the system's namespace, with that key, or "
        "correct `apiKeySecret`. The operator looks again every ten seconds.",
    )
    CONFIG_MAP_MISSING = (
        "ConfigMapMissing",
        "The ConfigMap that `spec.network.caBundle` names does not exist.",
        "Create the ConfigMap that the message names in the system's namespace, or correct its "
        "name. The operator looks again every ten seconds.",
    )
    CONFIG_MAP_INVALID = (
        "ConfigMapInvalid",
        "The ConfigMap that `spec.network.caBundle` names holds no certificates.",
        "Write the certificates, PEM, into the key that the message names, or correct the key.",
    )
    VOLUME_CANNOT_CHANGE = (
        "VolumeCannotChange",
        "A volume cannot become what `spec.data` asks for: its StorageClass does not let it "
        "grow, or another class is asked for.",
        "Set `allowVolumeExpansion: true` on the StorageClass if its driver can do it; else "
        "write the former size and class. The data serves on as it was. A larger volume of "
        "another class takes a new system to move the data into.",
    )
    VOLUME_GROWS = (
        "VolumeGrows",
        "A volume is being enlarged.",
        "Wait. Some drivers enlarge only when the pod starts anew: the message says so, and "
        "deleting the pod does it.",
    )
    OPERATOR_FAILED = (
        "OperatorFailed",
        "The operator itself failed on this system; it tries again, and its log tells more.",
        "Read the operator's log, and report what it says (`arkalia report` packs it).",
    )
    OBJECTS_MISSING = (
        "ObjectsMissing",
        "Objects of the system are not in the cluster yet.",
        "Wait. The message says what each object waits for.",
    )
    OBJECTS_LEFT = (
        "ObjectsLeft",
        "Objects that the spec does not ask for any more are still in the cluster.",
        "Wait. An object that stays has a finalizer of somebody else: `kubectl get` shows it.",
    )
    ISSUED = "Issued", "All certificates are there, and none is near its end."
    ISSUING = (
        "Issuing",
        "Certificates are being made.",
        "Wait. With cert-manager look at its CertificateRequests.",
    )
    CANNOT_ISSUE = (
        "CannotIssue",
        "A certificate, or the authority that signs it, cannot be made.",
        "Read the message: with cert-manager its issuer is missing or not ready; otherwise the "
        "authority's Secret was edited.",
    )
    NOTHING_WAITS = "NothingWaits", "No change waits."
    ROLLOUTS_HELD = (
        "RolloutsHeld",
        "Pods run on as they are, although another template is wanted for them.",
        "If only an upgrade of the operator would replace them, nothing must be done: "
        "`spec.changes.rollout.upgrades: AtOnce` lets it in. With `spec.changes.holdRollouts` "
        "set that back to false.",
    )
    WAITING_FOR_APPROVAL = (
        "WaitingForApproval",
        "The spec was changed, and what that would do waits for approval (`spec.changes.policy: "
        "Approve`).",
        "Look at the plan (`arkalia plan`), and approve it with its hash (`arkalia approve`), or "
        "take the change of the spec back.",
    )
    PAUSED = (
        "Paused",
        "`spec.changes.pause` is set: the operator writes nothing but status.",
        "Set `spec.changes.pause` to false (`arkalia resume`) when the work by hand is done.",
    )
    PERMISSIONS_GRANTED = "PermissionsGranted", "The operator has every right that it uses."
    PERMISSIONS_MISSING = (
        "PermissionsMissing",
        "The cluster does not let the operator do something that it does.",
        "Add the rules that the message names to the operator's Role or ClusterRole, or install "
        "the roles of the chart (`rbac.create`). The operator looks again within half a minute.",
    )
    NOT_EXPOSED = "NotExposed", "The spec asks for no way in from outside."
    EXPOSED = "Exposed", "The way in is there: the edge answers, or a controller has taken it."
    EXPOSURE_PENDING = (
        "ExposurePending",
        "No controller has said anything to the Ingress or HTTPRoute yet.",
        "Is an ingress controller or a Gateway of the named class and name installed? Some "
        "ingress controllers never say anything: then ask the host itself.",
    )
    EXPOSURE_REFUSED = (
        "ExposureRefused",
        "A Gateway does not take the HTTPRoute.",
        "The message is the Gateway's: its listener must allow routes of the system's namespace, "
        "and its host must fit `spec.exposure.host`.",
    )
    FIELD_CONTENDED = (
        "FieldContended",
        "A field was changed back five times, each time within a minute.",
        "Make the field manager that the message names leave the field alone, or write its value "
        "into the spec. After five minutes, later an hour, the operator tries once more; a "
        "change of the spec is carried out at once.",
    )
    DRIFT_REPORTED = (
        "DriftReported",
        "A field is not as it was applied, and is left so.",
        "Write the value that shall hold into the spec, or set `spec.changes.driftPolicy` to "
        "`Repair`.",
    )
    DRIFT_REPAIRED = (
        "DriftRepaired",
        "Somebody else had changed a field, which was changed back, or deleted an object, which was "
        "created again: the reason of an Event.",
        "Change the spec, not the objects. The Event names the field manager that changed a field; "
        "who deleted an object only the audit log of the API server tells.",
    )
    EVENTS_LEFT_OUT = (
        "EventsLeftOut",
        "The operator has left out some Events about a system: it "
        "changed too often, or the API server refused some. The reason of an Event.",
        "Look at the status (`arkalia status`), which is whole. "
        "`arkalia_operator_events_dropped_total` counts what was left out, by cause; with the "
        "cause `failed` the operator's log has the API server's answer.",
    )
    UNKNOWN_FIELD = (
        "UnknownField",
        "A field that was written is in no schema; the API server dropped it, since the client "
        "did not ask it to refuse.",
        "Correct the field's name as `kubectl explain` has it, or remove it, and apply again. "
        "`kubectl apply --validate=strict`, its default, refuses such a field at once.",
    )
    FIELD_WITHOUT_EFFECT = (
        "FieldWithoutEffect",
        "A field is understood, and means nothing as things are.",
        "Remove the field, or change what the message names.",
    )
    KIND_NOT_SERVED = (
        "KindNotServed",
        "The spec asks for objects of a kind that the cluster does not serve.",
        "Install the operator that brings the kind, or leave the field out. The objects follow "
        "as soon as the kind is served.",
    )
    EVERYTHING_USED = "EverythingUsed", "Nothing that was written is ignored."
    CONVERGED = "Converged", "Nothing is left to do."
    AS_EXPECTED = "AsExpected", "Nothing stands in the way."
