namespace FastStream.Tests.Conformance.Programs;

/// <summary>Which golden programs run, and why the others do not.</summary>
internal static class GoldenSelection
{
    // Their answers follow from where Spark puts elements, which is not part of the model.
    private static readonly Dictionary<string, string> SparkPartitioning = new()
    {
        ["r30340"] = "glom of a union: Spark appends the partitions of the second stream, here partition i of both streams is one",
    };

    /// <summary>Why a program is left out; null where it runs.</summary>
    public static string? ReasonToLeaveOut(GoldenProgram program)
    {
        IReadOnlyList<string> unknown = ProgramBuilder.Unknown(program.Tree);
        if (unknown.Count > 0)
        {
            return $"operators that are not there yet: {string.Join(", ", unknown)}";
        }

        if (program.Tags.Contains("no-dataset"))
        {
            return "an input yields no dataset at all in some batch; an input here always gives a batch, which may be empty";
        }

        return SparkPartitioning.GetValueOrDefault(program.Id);
    }
}
