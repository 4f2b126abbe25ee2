using System.Text.Json;
using FastStream.Tests.Conformance.Programs;
using FastStream.Tests.Conformance.Special;

namespace FastStream.Tests.Conformance.Vectors;

/// <summary>Slices of remembered streams: both ends belong to them, each moved back to the grid.</summary>
public sealed class SliceVectorTests
{
    private static readonly ProgramNode Input = new("input", [], new Dictionary<string, object?> { ["name"] = "0" });

    [Fact]
    public async Task Slice_AnswersAsSparkTestsExpect()
    {
        Vector vector = Vector.All.Values.Single(vector => vector.Kind == "slice");
        var queries = vector.Input.GetProperty("queries").EnumerateArray()
            .Select(query => (new BatchTime(query[0].GetInt64()), new BatchTime(query[1].GetInt64()))).ToArray();
        ProgramRun run =
            await ProgramRun.RunAsync(Input, VectorExpression.Inputs(vector.Input.GetProperty("batches")),
                new StreamTestOptions(), slices: queries);
        Assert.Equal(
            ValueText.ParseBatches(vector.Expected).Select(elements => ProgramRun.TextOf(elements, ordered: false)),
            run.Slices.Select(slice => ProgramRun.TextOf(slice.SelectMany(batch => batch).ToArray(), ordered: false)));
    }

    [Theory]
    [InlineData("compute-input")]
    [InlineData("compute-count")]
    public async Task Slice_AnswersAsSpark(string id)
    {
        JsonElement[] slices = SpecialCase.All[id].Json.GetProperty("slices").EnumerateArray().ToArray();
        ProgramRun run = await ProgramRun.RunAsync(
            id == "compute-count" ? new ProgramNode("count", [Input], new Dictionary<string, object?>()) : Input,
            new Dictionary<string, IReadOnlyList<object?>?[]> { ["0"] = [[1L], [2L, 3L], [], [4L], [5L]] },
            new StreamTestOptions(),
            slices: slices.Select(
                slice => (new BatchTime(slice.GetProperty("from").GetInt64()), new BatchTime(slice.GetProperty("to").GetInt64())))
                    .ToArray());
        Assert.Equal(
            slices.Select(
                slice => string.Join(' ',
                    ValueText.ParseBatches(slice.GetProperty("result")).Select(batch => ProgramRun.TextOf(batch, ordered: false)))),
            run.Slices.Select(slice => string.Join(' ', slice.Select(batch => ProgramRun.TextOf(batch, ordered: false)))));
    }
}
