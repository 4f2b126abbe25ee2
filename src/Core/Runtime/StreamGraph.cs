using System.Text;

namespace FastStream;

/// <summary>
/// The described streams of a context as data, for people and tools: the parents of each stream, the stages, the
/// outputs.
/// </summary>
/// <remarks>
/// A snapshot of the description at the time of the call. It leaves out streams that lead to no output, as they do not
/// run. Immutable.
/// </remarks>
/// <param name="Streams">The streams, parents before children.</param>
/// <param name="Outputs">The outputs, in order of registration.</param>
public sealed record StreamGraph(IReadOnlyList<StreamNode> Streams, IReadOnlyList<OutputNode> Outputs)
{
    /// <summary>The graph as text: the streams of each stage, each with the numbers of its parents, then the outputs.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (IGrouping<int, StreamNode> stage in Streams.GroupBy(stream => stream.Stage).OrderBy(stage => stage.Key))
        {
            text.Append(Title(stage)).Append('\n');
            foreach (StreamNode stream in stage)
            {
                string origin = stream.Parents.Count == 0 ? "input" : $"<- {string.Join(", ", stream.Parents)}";
                text.Append($"  {stream.Id,3}  {stream.Name}  {origin}{(stream.IsExchange ? "  exchange" : "")}\n");
            }
        }

        text.Append("outputs\n");
        foreach (OutputNode output in Outputs)
        {
            text.Append($"  #{output.Index,-2}  {output.Name}  <- {output.Stream}\n");
        }

        return text.ToString();
    }

    /// <summary>
    /// The graph as a Mermaid flow chart, which many web pages and editors render: a box for each stage, thick arrows
    /// where records cross between partitions.
    /// </summary>
    public string ToMermaid()
    {
        var text = new StringBuilder("flowchart LR\n");
        foreach (IGrouping<int, StreamNode> stage in Streams.GroupBy(stream => stream.Stage).OrderBy(stage => stage.Key))
        {
            text.Append($"  subgraph stage{stage.Key}[\"{Title(stage)}\"]\n");
            foreach (StreamNode stream in stage)
            {
                text.Append(stream.Parents.Count == 0
                    ? $"    s{stream.Id}([\"{Escaped(stream.Name)}\"])\n" : $"    s{stream.Id}[\"{Escaped(stream.Name)}\"]\n");
            }

            text.Append("  end\n");
        }

        foreach (StreamNode stream in Streams)
        {
            foreach (int parent in stream.Parents)
            {
                text.Append($"  s{parent} {(stream.IsExchange ? "==>" : "-->")} s{stream.Id}\n");
            }
        }

        foreach (OutputNode output in Outputs)
        {
            text.Append($"  s{output.Stream} --> o{output.Index}[/\"{Escaped(output.Operator)}\"/]\n");
        }

        return text.ToString();
    }

    /// <summary>Creates the graph of the streams that lead to these outputs.</summary>
    internal static StreamGraph Of(IReadOnlyList<OutputOperation> outputs)
    {
        DStream[] streams = [.. Reached(outputs).OrderBy(stream => stream.Id)];   // a parent is described before its children
        var stages = new Dictionary<DStream, DStream>();                            // union-find: leads to the first stream of the stage
        foreach (DStream stream in streams)
        {
            stages.Add(stream, stream);
            if (stream.SharesStageWithParents)
            {
                foreach (DStream parent in stream.Parents)
                {
                    DStream own = Root(stages, stream);
                    DStream other = Root(stages, parent);
                    (DStream first, DStream second) = own.Id < other.Id ? (own, other) : (other, own);
                    stages[second] = first;
                }
            }
        }

        var numbers = streams.Select(stream => Root(stages, stream)).Distinct().Index()
            .ToDictionary(stage => stage.Item, stage => stage.Index);
        return new StreamGraph(
            [.. streams.Select(stream => new StreamNode(
                stream.Id, stream.Name, stream.OperatorName, numbers[Root(stages, stream)], stream.PartitionCount,
                stream.Slide, [.. stream.Parents.Select(parent => parent.Id)],
                IsExchange: !stream.SharesStageWithParents && stream.Parents.Count > 0) { Origin = stream.Origin })],
            [.. outputs.Select(output => new OutputNode(output.Index, output.Name, output.OperatorName, output.Stream.Id)
                { Origin = output.Origin })]);
    }

    /// <summary>All streams that lead to one of the outputs.</summary>
    internal static HashSet<DStream> Reached(IReadOnlyList<OutputOperation> outputs)
    {
        var reached = new HashSet<DStream>();
        var toVisit = new Stack<DStream>(outputs.Select(output => output.Stream));
        while (toVisit.TryPop(out DStream? stream))
        {
            if (reached.Add(stream))
            {
                foreach (DStream parent in stream.Parents)
                {
                    toVisit.Push(parent);
                }
            }
        }

        return reached;
    }

    private static DStream Root(Dictionary<DStream, DStream> stages, DStream stream)
    {
        while (!ReferenceEquals(stages[stream], stream))
        {
            stream = stages[stream];
        }

        return stream;
    }

    private static string Title(IGrouping<int, StreamNode> stage)
    {
        int partitions = stage.Max(stream => stream.Partitions);
        return $"stage {stage.Key}, {partitions} {(partitions == 1 ? "partition" : "partitions")}";
    }

    // Mermaid's own escapes: a user's name may contain characters of its grammar or of a page's markup.
    private static string Escaped(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (Rune rune in name.EnumerateRunes())
        {
            bool isPlain = Rune.IsLetterOrDigit(rune) || rune.Value is ' ' or '.' or ',' or '-' or '_' or ':' or '/' or '(' or ')';
            text.Append(isPlain ? rune.ToString() : $"#{rune.Value};");
        }

        return text.ToString();
    }
}

/// <summary>One stream of a <see cref="StreamGraph"/>.</summary>
/// <param name="Id">Number of the stream in its context, from 0.</param>
/// <param name="Name">Its name: the one set by <c>Named</c>, else operator and number.</param>
/// <param name="Operator">The name of its operator, such as <c>Map</c>.</param>
/// <param name="Stage">
/// Number of the stage that runs it, from 0: streams of one stage run in one chain of calls, without an exchange
/// between them.
/// </param>
/// <param name="Partitions">Number of its partitions.</param>
/// <param name="Slide">Time between two of its batches.</param>
/// <param name="Parents">Numbers of its parent streams; none for an input.</param>
/// <param name="IsExchange">Whether records cross between partitions on the way to it.</param>
public sealed record StreamNode(int Id, string Name, string Operator, int Stage, int Partitions, TimeSpan Slide,
    IReadOnlyList<int> Parents, bool IsExchange)
{
    /// <summary>Where in the program it is described, such as <c>Pipeline.cs:27</c>; null if unknown.</summary>
    public string? Origin { get; init; }
}

/// <summary>One output of a <see cref="StreamGraph"/>.</summary>
/// <param name="Index">Number of the output in its context, from 0.</param>
/// <param name="Name">Output and stream, as in errors.</param>
/// <param name="Operator">The name of the output's operator, such as <c>Print</c>.</param>
/// <param name="Stream">Number of the stream that it outputs.</param>
public sealed record OutputNode(int Index, string Name, string Operator, int Stream)
{
    /// <summary>Where in the program it is described, such as <c>Pipeline.cs:27</c>; null if unknown.</summary>
    public string? Origin { get; init; }
}
