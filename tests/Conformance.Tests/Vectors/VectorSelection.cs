using System.Text.Json;
using FastStream.Tests.Conformance.Programs;

namespace FastStream.Tests.Conformance.Vectors;

/// <summary>Which vectors run, and why the others do not.</summary>
internal static class VectorSelection
{
    private static readonly Dictionary<string, string> ByKind = new()
    {
        ["prose"] = "a scenario in words, which no machine can run",
        ["recovery"] = "needs checkpoints",
        ["remember"] = "Spark's remember durations follow from its checkpoint intervals, which do not exist here",
        ["streamSummary"] = "operators that are not there yet: mapWithState",
        ["statemap"] = "Spark's internal state map",
        ["statemapProperty"] = "Spark's internal state map",
        ["updateRecord"] = "Spark's internal state records",
        ["batchedWal"] = "Spark's internal log format",
        ["walRolling"] = "Spark's internal log format",
        ["schedule"] = "no executors: receivers run in the process",
        ["reschedule"] = "no executors: receivers run in the process",
        ["allocation"] = "no executors to add or remove",
        ["allocationValidation"] = "no executors to add or remove",
        ["requestExecutors"] = "no executors to add or remove",
        ["killExecutor"] = "no executors to add or remove",
        ["blockTracker"] = "no block tracker: blocks are in the pool of the process",
        ["inputInfo"] = "inputs report with their batch; there is no tracker to report to twice",
        ["progressListener"] = "needs the dashboard",
        ["recurringTimer"] =
            "a stop is at once here: a graceful one runs one more batch under the time of the next tick, without waiting for it",
        ["rateLimiter"] = "the tests of receivers have it",
        ["fileStream"] = "the tests of file sources have it",
        ["kafkaLimit"] = "needs a Kafka source",
    };

    // Spark's quirks that are mended here.
    private static readonly Dictionary<string, string> Mended = new()
    {
        ["(derived): filter that drops a non-neutral value then fails"] =
            "a filter of a window filters what is put out, and what it drops stays in the window",
        ["(derived): countByWindow before any data emits nothing, afterwards 0"] =
            "a window's count is always there, 0 before the first record too",
        ["WindowOperationsSuite: reduceByKeyAndWindow with inverse function - key removed from window"] =
            "a key whose data have left a window is absent",
    };

    private static readonly Dictionary<string, string> FunctionsByOperation = new()
    {
        ["rescheduled"] = "needs checkpoints",
        ["fileSelect"] = "the tests of file sources have it",
        ["tasksPerBatch"] = "no block interval: partitions are a setting",
        ["jobFailure2"] = "no batch stays pending for ever here: a failed batch is failed, whichever output it was",
        ["shortTimeUnit"] = "texts of Spark's web page",
        ["normalizeDuration"] = "texts of Spark's web page",
        ["convertToTimeUnit"] = "texts of Spark's web page",
    };

    /// <summary>Why a vector is left out; null where a test of this project runs it.</summary>
    public static string? ReasonToLeaveOut(Vector vector) => vector.Kind switch
    {
        "stream" => ReasonToLeaveOutStream(vector),
        "function" => FunctionsByOperation.GetValueOrDefault(vector.Operation)
            ?? (FunctionVectorTests.Operations.ContainsKey(vector.Operation) ? null : $"no counterpart of the function {vector.Operation}"),
        "lifecycle" => vector.Name.Contains("stopSparkContext", StringComparison.Ordinal) ? "no engine that contexts share" : null,
        "foreachCount" or "jobFailure" or "slice" or "queueStream" or "pid" => null,
        _ => ByKind.GetValueOrDefault(vector.Kind, $"no test for the kind {vector.Kind}"),
    };

    private static string? ReasonToLeaveOutStream(Vector vector)
    {
        IReadOnlyList<string> unknown = ProgramBuilder.Unknown(VectorExpression.Parse(vector.Parameters.GetProperty("expr")));
        if (unknown.Count > 0)
        {
            return $"operators that are not there yet: {string.Join(", ", unknown)}";
        }

        if (VectorExpression.Inputs(vector.Input).Values.Any(batches => batches.Any(batch => batch is null)))
        {
            return "an input yields no dataset at all in some batch; an input here always gives a batch, which may be empty";
        }

        if (Mended.TryGetValue(vector.Name, out string? mended))
        {
            return mended;
        }

        return vector.Parameters.TryGetProperty("compare", out JsonElement _)
            ? "a driver that is killed at random: recovery's tests have it" : null;
    }
}
