namespace FastStream.Tests.Conformance.Special;

/// <summary>Which special cases run, and why the others do not.</summary>
internal static class SpecialSelection
{
    private const string NeedsWindows = "needs windows";
    private const string NeedsState = "needs states";
    private const string AlwaysABatch = "an input here always gives a batch, which may be empty";

    private static readonly Dictionary<string, string> ById = new()
    {
        ["print-window-every-second-batch"] = NeedsWindows,
        ["listener-window-every-second-batch"] = NeedsWindows,
        ["fail-under-mapWithState"] = NeedsState,
        ["fail-union-without-dataset"] = AlwaysABatch,
        ["no-dataset-reduce"] = AlwaysABatch,
        ["life-checkpoint-with-unserialisable-function"] = "no functions in checkpoints here: nothing has to be serialised",
        ["queue-slice-without-remember"] = "no batch is computed anew here after it was forgotten",
    };

    private static readonly Dictionary<string, string> ByKind = new()
    {
        ["compute"] = "no compute by hand here; the cases' slices are run",
        ["describe"] = NeedsWindows,
        ["stateErrors"] = NeedsState,
        ["hashPartitioner"] = "which partition owns a key is no promise here: the hash has a secret of the process",
    };

    /// <summary>Why a case is left out; null where a test of this project runs it.</summary>
    public static string? ReasonToLeaveOut(SpecialCase special) => ById.GetValueOrDefault(special.Id) ?? ByKind.GetValueOrDefault(special.Kind);
}
