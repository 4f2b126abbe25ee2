namespace FastStream.Tests.Core.Operators;

/// <summary>What the operators' tests share: options, and results without the order that hashing gives.</summary>
internal static class OperatorRun
{
    public static StreamTestOptions In(int partitions) => new() { Partitions = partitions };

    public static StreamTestOptions ContinuingIn(int partitions) =>
        new() { Partitions = partitions, Configure = options => options with { OnBatchFailure = BatchFailurePolicy.ReportAndContinue } };

    /// <summary>Each batch's records as sorted text.</summary>
    public static string[][] Sorted<T>(IReadOnlyList<IReadOnlyList<T>?> batches) =>
        [.. batches.Select(batch => batch!.Select(item => RecordText.Of(item)).Order(StringComparer.Ordinal).ToArray())];

    /// <summary>Whether both have the same records, in any order.</summary>
    public static bool AreSame<T>(IEnumerable<T> left, IEnumerable<T> right)
        where T : notnull
    {
        Dictionary<T, int> counts = left.CountBy(x => x).ToDictionary();
        return right.CountBy(x => x).All(x => counts.Remove(x.Key, out int count) && count == x.Value) && counts.Count == 0;
    }

    /// <summary>Streams before this one in which records cross between partitions.</summary>
    public static int Exchanges(DStream stream)
    {
        var seen = new HashSet<DStream>();
        var toVisit = new Stack<DStream>([stream]);
        while (toVisit.TryPop(out DStream? visited))
        {
            if (seen.Add(visited))
            {
                foreach (DStream parent in visited.Parents)
                {
                    toVisit.Push(parent);
                }
            }
        }

        return seen.Count(each => each.Parents.Count > 0 && !each.SharesStageWithParents);
    }

    public static StreamingContext Context(int partitions = 3) => new(new StreamingOptions { Partitions = partitions });
}
