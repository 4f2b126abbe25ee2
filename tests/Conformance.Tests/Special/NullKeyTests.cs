using FastStream.Tests.Conformance.Programs;

namespace FastStream.Tests.Conformance.Special;

/// <summary>null is a key like any other.</summary>
public sealed class NullKeyTests
{
    [Theory]
    [InlineData("countByValue of keys")]
    [InlineData("fullOuterJoin")]
    [InlineData("groupByKey")]
    [InlineData("join")]
    [InlineData("reduceByKey(sum)")]
    public async Task NullKey_AnswersAsSpark(string output)
    {
        var left = new ProgramNode("input", [], new Dictionary<string, object?> { ["name"] = "left" });
        var right = new ProgramNode("input", [], new Dictionary<string, object?> { ["name"] = "right" });
        ProgramNode tree = output switch
        {
            "countByValue of keys" => Node("countByValue", Node("map", "key", left)),
            "fullOuterJoin" or "join" => new ProgramNode(output, [left, right], new Dictionary<string, object?>()),
            "groupByKey" => Node("groupByKey", left),
            _ => Node("reduceByKey", "sum", left),
        };
        ProgramRun run = await ProgramRun.RunAsync(
            tree,
            new Dictionary<string, IReadOnlyList<object?>?[]>
            {
                ["left"] = [[new ValueList(null, 1L), new ValueList(1L, 2L), new ValueList(null, 3L)]],
                ["right"] = [[new ValueList(null, 10L), new ValueList(2L, 20L)]],
            },
            new StreamTestOptions());
        Assert.Equal(SpecialCase.All["null-keys"].Output(output)[0], ProgramRun.TextOf(run.Outputs[0][0], ordered: false));
    }

    private static ProgramNode Node(string name, ProgramNode child) => new(name, [child], new Dictionary<string, object?>());

    private static ProgramNode Node(string name, string function, ProgramNode child) =>
        new(name, [child], new Dictionary<string, object?> { ["fn"] = function });
}
