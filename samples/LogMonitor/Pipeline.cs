using FastStream;

namespace LogMonitor;

/// <summary>What is computed of the log lines.</summary>
internal static class Pipeline
{
    public static void Describe(DStream<Utf8Text> lines)
    {
        lines.Filter(line => line.Contains("ERROR"u8)).Print();

        DStream<AccessLog> requests = lines.FlatMap<Utf8Text, AccessLog>((line, output) =>
        {
            if (AccessLog.TryParse(line, out AccessLog log))
            {
                output.Add(log);
            }
        });

        var count = requests.Map(r => (r.Ip, 1L)).ReduceByKey((a, b) => a + b);
        count.Print();

        var bytes = requests.Map(r => (r.Ip, r.Bytes)).ReduceByKey((a, b) => a + b);
        bytes.Join(count).Print();

        requests.Map(r => (r.Status, 1L)).ReduceByKey((a, b) => a + b).Print();
    }
}
