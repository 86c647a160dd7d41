//! Every field that Pachyderm's pipeline specs have, its type, and what is done with it here.
//!
//! *Invariants*: the fields and types are those of Pachyderm's own JSON Schema; a test compares.

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    Flag,
    Whole,
    Number,
    /// `60s`
    Seconds,
    Texts,
    Wholes,
    /// Names to texts.
    Map,
    Object(&'static [Field]),
    Objects(&'static [Field]),
}

/// What is done with a field.
#[derive(Clone, Copy)]
pub(super) enum Treatment {
    Read,
    /// It changes nothing here, and nobody expects it to.
    Passed,
    /// It changes nothing here: why.
    Ignored(&'static str),
    /// What it asks for.
    Refused(&'static str),
}

/// A field of an object.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) treatment: Treatment,
}

const fn read(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, treatment: Treatment::Read }
}

const fn passed(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, treatment: Treatment::Passed }
}

const fn ignored(name: &'static str, kind: Kind, why: &'static str) -> Field {
    Field { name, kind, treatment: Treatment::Ignored(why) }
}

const fn refused(name: &'static str, kind: Kind, what: &'static str) -> Field {
    Field { name, kind, treatment: Treatment::Refused(what) }
}

const PODS: &str = "it is about the pods of a cluster, and there are none here";

/// `CreatePipelineRequest`.
pub(super) static PIPELINE_SPEC: [Field; 29] = [
    read("pipeline", Kind::Object(&PIPELINE)),
    passed("description", Kind::Text),
    read("transform", Kind::Object(&TRANSFORM)),
    read("input", Kind::Object(&INPUT)),
    read("parallelismSpec", Kind::Object(&PARALLELISM)),
    read("outputBranch", Kind::Text),
    read("datumTries", Kind::Whole),
    read("datumTimeout", Kind::Seconds),
    read("jobTimeout", Kind::Seconds),
    read("datumSetSpec", Kind::Object(&DATUM_SET)),
    read("reprocessSpec", Kind::Text),
    read("salt", Kind::Text),
    read("resourceRequests", Kind::Object(&RESOURCES)),
    read("resourceLimits", Kind::Object(&RESOURCES)),
    passed("sidecarResourceRequests", Kind::Object(&RESOURCES)),
    passed("sidecarResourceLimits", Kind::Object(&RESOURCES)),
    ignored("schedulingSpec", Kind::Object(&SCHEDULING), PODS),
    ignored("podSpec", Kind::Text, PODS),
    ignored("podPatch", Kind::Text, PODS),
    ignored("tolerations", Kind::Objects(&TOLERATION), PODS),
    passed("metadata", Kind::Object(&METADATA)),
    ignored("autoscaling", Kind::Flag, "workers live for a job here, so none are idle"),
    ignored("maximumExpectedUptime", Kind::Seconds, "workers live for a job here"),
    refused("tfJob", Kind::Object(&TF_JOB), "a Kubeflow job"),
    refused("egress", Kind::Object(&EGRESS), "results sent to a bucket or a database"),
    refused("s3Out", Kind::Flag, "output through Pachyderm's S3 gateway"),
    refused("service", Kind::Object(&SERVICE), "a service"),
    refused("spout", Kind::Object(&SPOUT), "a spout"),
    refused("determined", Kind::Object(&DETERMINED), "an account with another program"),
];

static PIPELINE: [Field; 2] = [read("name", Kind::Text), read("project", Kind::Object(&PROJECT))];
static PROJECT: [Field; 1] = [read("name", Kind::Text)];

static TRANSFORM: [Field; 15] = [
    read("cmd", Kind::Texts),
    passed("image", Kind::Text),
    read("env", Kind::Map),
    read("user", Kind::Text),
    read("workingDir", Kind::Text),
    read("acceptReturnCode", Kind::Wholes),
    read("datumBatching", Kind::Flag),
    ignored("imagePullSecrets", Kind::Texts, "no cluster pulls the image"),
    ignored("debug", Kind::Flag, "what a command prints is kept anyway"),
    passed("dockerfile", Kind::Text),
    ignored("memoryVolume", Kind::Flag, PODS),
    refused("secrets", Kind::Objects(&SECRET), "secrets of a cluster"),
    refused("errCmd", Kind::Texts, "a command for datums that failed"),
    refused("errStdin", Kind::Texts, "text for a command for datums that failed"),
    refused("stdin", Kind::Texts, "text for the command's standard input"),
];

static SECRET: [Field; 4] = [read("name", Kind::Text), read("key", Kind::Text), read("mountPath", Kind::Text), read("envVar", Kind::Text)];

static INPUT: [Field; 6] = [
    read("pfs", Kind::Object(&PFS)),
    read("cross", Kind::Objects(&INPUT)),
    refused("union", Kind::Objects(&INPUT), "a union of inputs"),
    refused("join", Kind::Objects(&INPUT), "a join of inputs"),
    refused("group", Kind::Objects(&INPUT), "a group of inputs"),
    refused("cron", Kind::Object(&CRON), "a clock as an input"),
];

static PFS: [Field; 16] = [
    read("name", Kind::Text),
    read("repo", Kind::Text),
    read("branch", Kind::Text),
    read("glob", Kind::Text),
    read("emptyFiles", Kind::Flag),
    ignored("lazy", Kind::Flag, "files are there as a whole here"),
    read("project", Kind::Text),
    read("repoType", Kind::Text),
    refused("commit", Kind::Text, "a commit as an input, which Pachyderm refuses too"),
    refused("joinOn", Kind::Text, "the key of a join"),
    refused("outerJoin", Kind::Flag, "an outer join"),
    refused("groupBy", Kind::Text, "the key of a group"),
    refused("s3", Kind::Flag, "input through Pachyderm's S3 gateway"),
    refused("trigger", Kind::Object(&TRIGGER), "a trigger"),
    refused("propagationSpec", Kind::Object(&PROPAGATION), "an input whose changes begin no job"),
    refused("reference", Kind::Flag, "an input whose changes are no changes"),
];

static CRON: [Field; 7] = [
    read("name", Kind::Text),
    read("project", Kind::Text),
    read("repo", Kind::Text),
    read("commit", Kind::Text),
    read("spec", Kind::Text),
    read("overwrite", Kind::Flag),
    read("start", Kind::Text),
];

static TRIGGER: [Field; 6] = [
    read("branch", Kind::Text),
    read("all", Kind::Flag),
    read("rateLimitSpec", Kind::Text),
    read("size", Kind::Text),
    read("commits", Kind::Whole),
    read("cronSpec", Kind::Text),
];

static PROPAGATION: [Field; 1] = [read("never", Kind::Flag)];
static PARALLELISM: [Field; 1] = [read("constant", Kind::Whole)];

static DATUM_SET: [Field; 3] = [
    read("number", Kind::Whole),
    ignored("sizeBytes", Kind::Whole, "sets are told by the number of their datums here"),
    ignored("perWorker", Kind::Whole, "sets are told by the number of their datums here"),
];

static RESOURCES: [Field; 4] = [
    read("memory", Kind::Text),
    passed("cpu", Kind::Number),
    passed("disk", Kind::Text),
    ignored("gpu", Kind::Object(&GPU), "it is about the nodes of a cluster, and there are none here"),
];

static GPU: [Field; 2] = [read("type", Kind::Text), read("number", Kind::Whole)];
static SCHEDULING: [Field; 2] = [read("nodeSelector", Kind::Map), read("priorityClassName", Kind::Text)];
static METADATA: [Field; 2] = [read("annotations", Kind::Map), read("labels", Kind::Map)];

static TOLERATION: [Field; 5] = [
    read("key", Kind::Text),
    read("operator", Kind::Text),
    read("value", Kind::Text),
    read("effect", Kind::Text),
    read("tolerationSeconds", Kind::Whole),
];

static TF_JOB: [Field; 1] = [read("tfJob", Kind::Text)];
static DETERMINED: [Field; 1] = [read("workspaces", Kind::Texts)];
static SPOUT: [Field; 1] = [read("service", Kind::Object(&SERVICE))];

static SERVICE: [Field; 4] =
    [read("internalPort", Kind::Whole), read("externalPort", Kind::Whole), read("ip", Kind::Text), read("type", Kind::Text)];

static EGRESS: [Field; 3] =
    [read("URL", Kind::Text), read("objectStorage", Kind::Object(&BUCKET)), read("sqlDatabase", Kind::Object(&DATABASE))];

static BUCKET: [Field; 1] = [read("url", Kind::Text)];
static DATABASE: [Field; 3] =
    [read("url", Kind::Text), read("fileFormat", Kind::Object(&FILE_FORMAT)), read("secret", Kind::Object(&DATABASE_SECRET))];
static FILE_FORMAT: [Field; 2] = [read("type", Kind::Text), read("columns", Kind::Texts)];
static DATABASE_SECRET: [Field; 2] = [read("name", Kind::Text), read("key", Kind::Text)];
