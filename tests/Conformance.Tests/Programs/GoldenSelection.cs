namespace FastStream.Tests.Conformance.Programs;

/// <summary>Which golden programs run, and why the others do not.</summary>
internal static class GoldenSelection
{
    // What looks at parts of a batch, and what makes a batch of several: Spark appends the parts, here part i of all is one.
    private static readonly string[] SeeParts = ["glom", "mapPartitions"];
    private static readonly string[] JoinParts = ["union", "transformWith", "transformAll", "window",
        "groupByKeyAndWindow", "countByValueAndWindow", "reduceByKeyAndWindow"];

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

        if (program.Error is not null && program.HasNoCheckpointDirectory)
        {
            return "Spark refuses states without a checkpoint directory; here they need none";
        }

        bool seesParts = program.Tree.All()
            .Any(node => SeeParts.Contains(node.Operator) && node.All().Any(below => JoinParts.Contains(below.Operator)));
        return program.Tags.Contains("partitioning") && seesParts
            ? "looks at the parts of a union or window: Spark appends them, here part i of all is one" : null;
    }
}
