namespace FastStream.Tests.Conformance.Special;

/// <summary>Which special cases run, and why the others do not.</summary>
internal static class SpecialSelection
{
    private const string NoCheckpointInterval = "states need no checkpoint directory and no interval of their own here";
    private const string AlwaysABatch = "an input here always gives a batch, which may be empty";

    private static readonly Dictionary<string, string> ById = new()
    {
        ["listener-window-every-second-batch"] =
            "every batch is worked on when it comes, not when a window asks for it, and so every batch is reported",
        ["window-0"] = "a window of no length holds nothing: refused here",
        ["timeout-0"] = "the state tests have it",
        ["state-checkpoint-3000"] = NoCheckpointInterval,
        ["countByWindow-without-checkpoint-directory"] = NoCheckpointInterval,
        ["persist-twice-different-level"] = "no storage levels: records are in memory",
        ["fail-union-without-dataset"] = AlwaysABatch,
        ["no-dataset-reduce"] = AlwaysABatch,
        ["life-checkpoint-with-unserialisable-function"] = "no functions in checkpoints here: nothing has to be serialised",
        ["queue-slice-without-remember"] = "no batch is computed anew here after it was forgotten",
    };

    private static readonly Dictionary<string, string> ByKind = new()
    {
        ["compute"] = "no compute by hand here; the cases' slices are run",
        ["hashPartitioner"] = "which partition owns a key is no promise here: the hash has a secret of the process",
    };

    /// <summary>Why a case is left out; null where a test of this project runs it.</summary>
    public static string? ReasonToLeaveOut(SpecialCase special) =>
        ById.GetValueOrDefault(special.Id) ?? ByKind.GetValueOrDefault(special.Kind);
}
