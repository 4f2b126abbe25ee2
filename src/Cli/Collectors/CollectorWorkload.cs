using System.Globalization;

namespace FastStream.Cli;

/// <summary>Jobs that differ in how much work they give the collector.</summary>
internal static class CollectorWorkload
{
    private const int Keys = 500_000;

    private static readonly Workload[] Known =
    [
        new("nothing", "counts words as texts in place: nothing is allocated for a record",
            Workload.Named("words").Line, Workload.Named("words").Describe),
        new("strings", "counts words as strings: about ten short-lived objects for a record", Workload.Named("words").Line, CountStrings),
        new("state", "keeps an object and a string for each of 500,000 keys: much lives long", KeyLine, KeepObjects),
    ];

    public static string[] Names { get; } = [.. Known.Select(each => each.Name)];

    public static Workload Named(string name) => Known.First(each => each.Name == name);

    private static string KeyLine(SeededRandom random) => string.Create(CultureInfo.InvariantCulture, $"{random.Below(1_000)}");

    private static void CountStrings(DStream<Utf8Text> lines) =>
        lines.FlatMap(line => line.ToString().Split(' ')).Map(word => (word, 1L)).ReduceByKey((a, b) => a + b).ForEachBatch((_, _) => { });

    // Keys are numbered in turn, so that all of them soon exist; the lines are few and repeat.
    private static void KeepObjects(DStream<Utf8Text> lines)
    {
        long next = 0;
        lines.Map(line => (Key: (int)((Interlocked.Increment(ref next) * 7_919) % Keys), line))
            .MapWithState(KeyState.Of<Visit>(), (_, line, state) =>
            {
                string latest = line.GetValueOrDefault(Utf8Text.Empty).ToString();
                var visit = new Visit(latest, state.Exists ? state.Value.Count + 1 : 1);
                state.Update(visit);
                return visit.Count;
            })
            .ForEachBatch((_, _) => { });
    }

    private sealed record Visit(string Latest, long Count);
}
