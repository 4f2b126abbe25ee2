namespace FastStream.Tests.Core;

/// <summary>What a context says of its streams.</summary>
public sealed class StreamGraphTests
{
    [Fact]
    public async Task Describe_TwoStages_TellsStreamsPartitionsAndOutputs()
    {
        await using StreamingContext context = Described();
        Assert.Equal(
            """
            stage 0, 2 partitions
                0  numbers  input
                1  Filter 1  <- 0
                2  KeyBy 2  <- 0
                3  ReduceInPartition 3  <- 2
            stage 1, 2 partitions
                4  ExchangeByKey 4  <- 3  exchange
                5  sums  <- 4
            outputs
              #0   Print of Filter 1  <- 1
              #1   ForEachBatch of sums  <- 5

            """.ReplaceLineEndings("\n"),
            context.Describe().ToString());
    }

    [Fact]
    public async Task Describe_Mermaid_HasABoxForEachStageAndThickArrowsForExchanges()
    {
        await using StreamingContext context = Described();
        string chart = context.Describe().ToMermaid();
        Assert.StartsWith("flowchart LR\n", chart, StringComparison.Ordinal);
        Assert.Contains("subgraph stage1[\"stage 1, 2 partitions\"]", chart, StringComparison.Ordinal);
        Assert.Contains("s3 ==> s4\n", chart, StringComparison.Ordinal);
        Assert.Contains("s0 --> s1\n", chart, StringComparison.Ordinal);
        Assert.Contains("s5 --> o1[/\"ForEachBatch\"/]\n", chart, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Describe_NamesWithMarkup_AreEscaped()
    {
        await using var context = new StreamingContext(TimeSpan.FromSeconds(1));
        new ManualStream<int>(context).Named("\"]<script>alert(1)</script>\n%%").Print();
        string chart = context.Describe().ToMermaid();
        Assert.Equal(5, chart.Count(c => c == '\n'));
        Assert.DoesNotContain("<script", chart, StringComparison.Ordinal);
        Assert.DoesNotContain("\"\"]", chart, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Describe_StreamsWithoutOutput_AreNotInIt()
    {
        await using var context = new StreamingContext(TimeSpan.FromSeconds(1));
        DStream<int> numbers = new ManualStream<int>(context);
        _ = numbers.Map(x => x + 1);
        numbers.Print();
        Assert.Equal([0], context.Describe().Streams.Select(stream => stream.Id));
    }

    private static StreamingContext Described()
    {
        var context = new StreamingContext(new StreamingOptions { Partitions = 2 });
        DStream<int> numbers = new ManualStream<int>(context).Named("numbers");
        numbers.Filter(x => x > 0).Print();
        numbers.KeyBy(x => x % 3).ReduceByKey((a, b) => a + b).Named("sums").ForEachBatch((batch, time) => { });
        return context;
    }
}
