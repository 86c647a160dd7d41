//! Every field of Pachyderm's pipeline specs, with its type and with what happens to it here.
//!
//! *Invariants*: fields and types are those of Pachyderm's own JSON Schema. A test compares them.

/// The type of a field's value.
#[derive(Clone, Copy)]
pub(super) enum FieldType {
    String,
    Boolean,
    Integer,
    Number,
    /// A time in seconds, such as `60s`.
    Duration,
    Strings,
    Integers,
    /// An object whose values are strings.
    StringMap,
    Object(&'static [Field]),
    Objects(&'static [Field]),
}

/// What happens to a field here.
#[derive(Clone, Copy)]
pub(super) enum Support {
    /// Its value has an effect.
    Used,
    /// It has no effect on results, on a cluster either.
    NoEffect,
    /// It has an effect on a cluster only. A note gives this reason.
    Ignored(&'static str),
    /// It asks for this feature, which does not exist here. A spec that sets it is refused.
    Refused(&'static str),
}

/// A field of an object.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: FieldType,
    pub(super) support: Support,
}

const fn used(name: &'static str, kind: FieldType) -> Field {
    Field { name, kind, support: Support::Used }
}

const fn no_effect(name: &'static str, kind: FieldType) -> Field {
    Field { name, kind, support: Support::NoEffect }
}

const fn ignored(name: &'static str, kind: FieldType, reason: &'static str) -> Field {
    Field { name, kind, support: Support::Ignored(reason) }
}

const fn refused(name: &'static str, kind: FieldType, feature: &'static str) -> Field {
    Field { name, kind, support: Support::Refused(feature) }
}

const PODS: &str = "it configures the pods of a cluster, and there are none here";

/// The fields of a pipeline spec, which Pachyderm calls `CreatePipelineRequest`.
pub(super) static PIPELINE_SPEC: [Field; 29] = [
    used("pipeline", FieldType::Object(&PIPELINE)),
    no_effect("description", FieldType::String),
    used("transform", FieldType::Object(&TRANSFORM)),
    used("input", FieldType::Object(&INPUT)),
    used("parallelismSpec", FieldType::Object(&PARALLELISM)),
    used("outputBranch", FieldType::String),
    used("datumTries", FieldType::Integer),
    used("datumTimeout", FieldType::Duration),
    used("jobTimeout", FieldType::Duration),
    used("datumSetSpec", FieldType::Object(&DATUM_SET)),
    used("reprocessSpec", FieldType::String),
    used("salt", FieldType::String),
    used("resourceRequests", FieldType::Object(&RESOURCES)),
    used("resourceLimits", FieldType::Object(&RESOURCES)),
    no_effect("sidecarResourceRequests", FieldType::Object(&RESOURCES)),
    no_effect("sidecarResourceLimits", FieldType::Object(&RESOURCES)),
    ignored("schedulingSpec", FieldType::Object(&SCHEDULING), PODS),
    ignored("podSpec", FieldType::String, PODS),
    ignored("podPatch", FieldType::String, PODS),
    ignored("tolerations", FieldType::Objects(&TOLERATION), PODS),
    no_effect("metadata", FieldType::Object(&METADATA)),
    ignored("autoscaling", FieldType::Boolean, "workers end with their job here, so none are idle"),
    ignored("maximumExpectedUptime", FieldType::Duration, "workers end with their job here"),
    refused("tfJob", FieldType::Object(&TF_JOB), "a Kubeflow job"),
    refused("egress", FieldType::Object(&EGRESS), "results sent to a bucket or a database"),
    refused("s3Out", FieldType::Boolean, "output through Pachyderm's S3 gateway"),
    refused("service", FieldType::Object(&SERVICE), "a service"),
    refused("spout", FieldType::Object(&SPOUT), "a spout"),
    refused("determined", FieldType::Object(&DETERMINED), "an account with Determined"),
];

static PIPELINE: [Field; 2] = [used("name", FieldType::String), used("project", FieldType::Object(&PROJECT))];
static PROJECT: [Field; 1] = [used("name", FieldType::String)];

static TRANSFORM: [Field; 15] = [
    used("cmd", FieldType::Strings),
    no_effect("image", FieldType::String),
    used("env", FieldType::StringMap),
    used("user", FieldType::String),
    used("workingDir", FieldType::String),
    used("acceptReturnCode", FieldType::Integers),
    used("datumBatching", FieldType::Boolean),
    ignored("imagePullSecrets", FieldType::Strings, "no cluster pulls the image"),
    ignored("debug", FieldType::Boolean, "what a command prints is kept anyway"),
    no_effect("dockerfile", FieldType::String),
    ignored("memoryVolume", FieldType::Boolean, PODS),
    refused("secrets", FieldType::Objects(&SECRET), "secrets of a cluster"),
    refused("errCmd", FieldType::Strings, "a command for datums that failed"),
    refused("errStdin", FieldType::Strings, "text for a command for datums that failed"),
    refused("stdin", FieldType::Strings, "text for the command's standard input"),
];

static SECRET: [Field; 4] = [
    used("name", FieldType::String),
    used("key", FieldType::String),
    used("mountPath", FieldType::String),
    used("envVar", FieldType::String),
];

static INPUT: [Field; 6] = [
    used("pfs", FieldType::Object(&PFS)),
    used("cross", FieldType::Objects(&INPUT)),
    refused("union", FieldType::Objects(&INPUT), "a union of inputs"),
    refused("join", FieldType::Objects(&INPUT), "a join of inputs"),
    refused("group", FieldType::Objects(&INPUT), "a group of inputs"),
    refused("cron", FieldType::Object(&CRON), "a clock as an input"),
];

static PFS: [Field; 16] = [
    used("name", FieldType::String),
    used("repo", FieldType::String),
    used("branch", FieldType::String),
    used("glob", FieldType::String),
    used("emptyFiles", FieldType::Boolean),
    ignored("lazy", FieldType::Boolean, "whole files are written before the program starts"),
    used("project", FieldType::String),
    used("repoType", FieldType::String),
    refused("commit", FieldType::String, "a commit as an input, which Pachyderm refuses too"),
    refused("joinOn", FieldType::String, "the key of a join"),
    refused("outerJoin", FieldType::Boolean, "an outer join"),
    refused("groupBy", FieldType::String, "the key of a group"),
    refused("s3", FieldType::Boolean, "input through Pachyderm's S3 gateway"),
    refused("trigger", FieldType::Object(&TRIGGER), "a trigger"),
    refused("propagationSpec", FieldType::Object(&PROPAGATION), "an input whose changes start no job"),
    refused("reference", FieldType::Boolean, "an input whose changes are ignored"),
];

static CRON: [Field; 7] = [
    used("name", FieldType::String),
    used("project", FieldType::String),
    used("repo", FieldType::String),
    used("commit", FieldType::String),
    used("spec", FieldType::String),
    used("overwrite", FieldType::Boolean),
    used("start", FieldType::String),
];

static TRIGGER: [Field; 6] = [
    used("branch", FieldType::String),
    used("all", FieldType::Boolean),
    used("rateLimitSpec", FieldType::String),
    used("size", FieldType::String),
    used("commits", FieldType::Integer),
    used("cronSpec", FieldType::String),
];

static PROPAGATION: [Field; 1] = [used("never", FieldType::Boolean)];
static PARALLELISM: [Field; 1] = [used("constant", FieldType::Integer)];

static DATUM_SET: [Field; 3] = [
    used("number", FieldType::Integer),
    ignored("sizeBytes", FieldType::Integer, "sets have a number of datums here"),
    ignored("perWorker", FieldType::Integer, "sets have a number of datums here"),
];

static RESOURCES: [Field; 4] = [
    used("memory", FieldType::String),
    no_effect("cpu", FieldType::Number),
    no_effect("disk", FieldType::String),
    ignored("gpu", FieldType::Object(&GPU), "it configures the nodes of a cluster, and there are none here"),
];

static GPU: [Field; 2] = [used("type", FieldType::String), used("number", FieldType::Integer)];
static SCHEDULING: [Field; 2] = [used("nodeSelector", FieldType::StringMap), used("priorityClassName", FieldType::String)];
static METADATA: [Field; 2] = [used("annotations", FieldType::StringMap), used("labels", FieldType::StringMap)];

static TOLERATION: [Field; 5] = [
    used("key", FieldType::String),
    used("operator", FieldType::String),
    used("value", FieldType::String),
    used("effect", FieldType::String),
    used("tolerationSeconds", FieldType::Integer),
];

static TF_JOB: [Field; 1] = [used("tfJob", FieldType::String)];
static DETERMINED: [Field; 1] = [used("workspaces", FieldType::Strings)];
static SPOUT: [Field; 1] = [used("service", FieldType::Object(&SERVICE))];

static SERVICE: [Field; 4] = [
    used("internalPort", FieldType::Integer),
    used("externalPort", FieldType::Integer),
    used("ip", FieldType::String),
    used("type", FieldType::String),
];

static EGRESS: [Field; 3] =
    [used("URL", FieldType::String), used("objectStorage", FieldType::Object(&BUCKET)), used("sqlDatabase", FieldType::Object(&DATABASE))];

static BUCKET: [Field; 1] = [used("url", FieldType::String)];
static DATABASE: [Field; 3] = [
    used("url", FieldType::String),
    used("fileFormat", FieldType::Object(&FILE_FORMAT)),
    used("secret", FieldType::Object(&DATABASE_SECRET)),
];
static FILE_FORMAT: [Field; 2] = [used("type", FieldType::String), used("columns", FieldType::Strings)];
static DATABASE_SECRET: [Field; 2] = [used("name", FieldType::String), used("key", FieldType::String)];
