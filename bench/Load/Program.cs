using System.CommandLine;
using FastStream.Bench.Load;

const int BatchBytes = 3_355_443;

var workloadOption = new Option<string>("--workload") { Description = "The workload.", DefaultValueFactory = _ => "all" };
workloadOption.AcceptOnlyFromAmong("grep", "words", "log", "window", "all");
var sourceOption = new Option<string>("--source")
{
    Description =
        "Where the bytes come from: files in the page cache and memory, a loopback socket, or latency at a steady "
        + "rate over one; recovery, what surviving costs; state, a running sum over a million keys and states in "
        + "FASTER; or kafka, from a topic to a topic, at the broker of --servers.",
    DefaultValueFactory = _ => "file",
};
sourceOption.AcceptOnlyFromAmong("file", "socket", "latency", "recovery", "state", "kafka");
var serversOption = new Option<string>("--servers")
    { Description = "For --source kafka: the broker.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("FASTSTREAM_KAFKA")
        ?? "localhost:9092" };
var megabytesOption = new Option<int>("--megabytes")
{
    Description = "Size of the input in MiB, cut into batches of about 3.3 MB; at most 1024.",
    DefaultValueFactory = _ => 64,
};
var repetitionsOption = new Option<int>("--repetitions")
{
    Description = "Timed runs of each implementation.",
    DefaultValueFactory = _ => 7,
};
var onlyOption = new Option<string?>("--only")
{
    Description = "Only implementations whose name begins with one of these, separated by commas; the reference of the ratios always runs.",
};
foreach (Option<int> option in new[] { megabytesOption, repetitionsOption })
{
    option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() is < 1 or > 1024)
        {
            result.AddError($"{option.Name} must be from 1 to 1024.");
        }
    });
}

var command = new RootCommand("Measures FastStream against hand-written limits and other libraries, on the same bytes.")
{
    workloadOption, sourceOption, megabytesOption, repetitionsOption, onlyOption, serversOption,
};
command.SetAction(arguments =>
{
    string source = arguments.GetRequiredValue(sourceOption);
    if (source == "latency")
    {
        Latency.WriteHead(Console.Out);
        foreach (int milliseconds in new[] { 1, 5, 10, 100 })
        {
            Latency.Run(Console.Out, TimeSpan.FromMilliseconds(milliseconds), 100_000, TimeSpan.FromSeconds(10));
        }

        return 0;
    }

    if (source == "recovery")
    {
        Recovery.WriteHead(Console.Out);
        foreach (int keys in new[] { 10_000, 100_000, 1_000_000, 4_000_000 })
        {
            Recovery.Run(Console.Out, keys);
        }

        return 0;
    }

    if (source == "state")
    {
        RunningSum.Run(Console.Out, 1_000_000, arguments.GetRequiredValue(repetitionsOption));
        Console.Out.WriteLine();
        StoredStates.WriteHead(Console.Out);
        foreach (int keys in new[] { 10_000, 100_000, 1_000_000, 10_000_000 })
        {
            StoredStates.Run(Console.Out, keys);
        }

        return 0;
    }

    if (source == "kafka")
    {
        int records = (arguments.GetRequiredValue(megabytesOption) << 20) / 100;
        KafkaLoad.RunAsync(Console.Out, arguments.GetRequiredValue(serversOption), records).GetAwaiter().GetResult();
        return 0;
    }

    string name = arguments.GetRequiredValue(workloadOption);
    Workload[] workloads = name == "all" ? Enum.GetValues<Workload>() : [Enum.Parse<Workload>(name, ignoreCase: true)];

    // Over a socket it is chance where a batch is cut, and so what a window holds.
    workloads = source == "socket" ? [.. workloads.Except([Workload.Window])] : workloads;
    bool agree = true;
    foreach (Workload workload in workloads)
    {
        agree &= RunWorkload(
            workload,
            source,
            arguments.GetRequiredValue(megabytesOption) << 20,
            arguments.GetRequiredValue(repetitionsOption),
            arguments.GetValue(onlyOption) ?? "");
    }

    return agree ? 0 : 1;
});
return command.Parse(args).Invoke();

static bool RunWorkload(Workload workload, string source, int totalBytes, int repetitions, string only)
{
    Dataset dataset = Jobs.Generate(workload, totalBytes, Math.Max(1, totalBytes / BatchBytes));
    using var files = new InputFiles(dataset);
    string[] prefixes = only.Split(',', StringSplitOptions.TrimEntries);
    IReadOnlyList<Job> jobs = source == "socket" ? Jobs.Socket(workload, dataset, prefixes) : Jobs.All(workload, dataset, files, prefixes);
    IReadOnlyList<Measurement> measurements = Measure.Run(jobs, dataset, repetitions);
    foreach (Job job in jobs)
    {
        job.Dispose();
    }

    Report.Write(Console.Out, $"{workload} from a {source}", measurements);
    return Report.Agree(Console.Error, workload, measurements);
}
