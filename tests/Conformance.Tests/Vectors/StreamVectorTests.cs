using FastStream.Tests.Conformance.Programs;

namespace FastStream.Tests.Conformance.Vectors;

/// <summary>Vectors of kind <c>stream</c>: inputs, an expression, and the batches that Spark's tests expect.</summary>
public sealed class StreamVectorTests
{
    // Spark appends the partitions of the second stream to those of the first; here partition i of both is one, so that
    // a union needs no more of them.
    private static readonly string[] OrderByPartitions = ["BasicOperationsSuite: StreamingContext.union"];

    public static TheoryData<string> Runnable =>
        Vector.NamesOf(vector => vector.Kind == "stream" && VectorSelection.ReasonToLeaveOut(vector) is null);

    [Theory]
    [MemberData(nameof(Runnable))]
    public async Task Stream_AnswersAsSparkTestsExpect(string name)
    {
        Vector vector = Vector.All[name];
        var options = new StreamTestOptions
        {
            Partitions = vector.Parameters.GetProperty("partitions").GetInt32(),
            BatchInterval = TimeSpan.FromMilliseconds(vector.Parameters.GetProperty("batchMs").GetInt64()),
            BatchCount = vector.Parameters.TryGetProperty("numBatches", out var count) ? count.GetInt32() : null,
        };
        ProgramRun run = await ProgramRun.RunAsync(
            VectorExpression.Parse(vector.Parameters.GetProperty("expr")),
            VectorExpression.Inputs(vector.Input),
            options,
            streams =>
            {
                if (vector.Parameters.TryGetProperty("expectPartitions", out var partitions))
                {
                    Assert.Equal(partitions.GetInt32(), streams[0].PartitionCount);
                }
            });
        if (vector.ExpectsError)
        {
            Assert.NotNull(run.Failure);
            return;
        }

        Assert.Null(run.Failure);
        bool skipsEmpty = vector.Parameters.TryGetProperty("skipEmptyOutputs", out var skip) && skip.GetBoolean();
        bool ordered = vector.IsOrdered && !OrderByPartitions.Contains(name);
        Assert.Equal(Texts(ValueText.ParseBatches(vector.Expected), skipsEmpty, ordered), Texts(run.Outputs[0], skipsEmpty, ordered));
    }

    // One list for each emission: times without a batch are left out.
    private static string[] Texts(IEnumerable<IReadOnlyList<object?>?> batches, bool skipsEmpty, bool ordered) =>
        batches.Where(batch => batch is not null && !(skipsEmpty && batch.Count == 0))
            .Select(batch => ProgramRun.TextOf(batch, ordered)).ToArray();
}
