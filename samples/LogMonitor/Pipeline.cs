using FastStream;

namespace LogMonitor;

/// <summary>What the sample computes from the log lines.</summary>
internal static class Pipeline
{
    public static void Describe(DStream<Utf8Text> lines)
    {
        lines.Filter(line => line.Contains("ERROR"u8)).Print();

        DStream<AccessLog> requests = Requests(lines);
        var count = requests.Map(r => (r.Ip, 1L)).ReduceByKey((a, b) => a + b);
        count.Print();

        var bytes = requests.Map(r => (r.Ip, r.Bytes)).ReduceByKey((a, b) => a + b);
        bytes.Join(count).Print();

        requests.Map(r => (r.Status, 1L)).ReduceByKey((a, b) => a + b).Print();
    }

    /// <summary>Describes the states that continue from run to run: a start finds them again by their names.</summary>
    public static void DescribeTotals(DStream<Utf8Text> lines)
    {
        DStream<AccessLog> requests = Requests(lines);
        requests.Map(r => (r.Status, 1L))
            .MapWithState(KeyState.Of<long>(), (_, count, ever) =>
            {
                ever.Update(ever.GetValueOrDefault() + count.GetValueOrDefault());
                return ever.Value;
            }).Named("requests ever, by status").StateSnapshots().Print();

        TimeSpan minute =
            lines.Context.Options.BatchInterval * Math.Max(1, Math.Ceiling(TimeSpan.FromMinutes(1) / lines.Context.Options.BatchInterval));
        requests.Map(r => (r.Ip, 1L)).ReduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, minute)
            .Named("requests of a minute, by address").TopK(10, x => x.Value).Print();
    }

    private static DStream<AccessLog> Requests(DStream<Utf8Text> lines) => lines.FlatMap<Utf8Text, AccessLog>((line, output) =>
    {
        if (AccessLog.TryParse(line, out AccessLog log))
        {
            output.Add(log);
        }
    });
}
