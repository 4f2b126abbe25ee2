using System.CommandLine;
using FastStream.Bench.Load;

const int BatchBytes = 3_355_443;

var workloadOption = new Option<string>("--workload") { Description = "The workload.", DefaultValueFactory = _ => "all" };
workloadOption.AcceptOnlyFromAmong("grep", "words", "log", "all");
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
    workloadOption, megabytesOption, repetitionsOption, onlyOption,
};
command.SetAction(arguments =>
{
    string name = arguments.GetRequiredValue(workloadOption);
    Workload[] workloads = name == "all" ? Enum.GetValues<Workload>() : [Enum.Parse<Workload>(name, ignoreCase: true)];
    bool agree = true;
    foreach (Workload workload in workloads)
    {
        agree &= RunWorkload(
            workload,
            arguments.GetRequiredValue(megabytesOption) << 20,
            arguments.GetRequiredValue(repetitionsOption),
            arguments.GetValue(onlyOption) ?? "");
    }

    return agree ? 0 : 1;
});
return command.Parse(args).Invoke();

static bool RunWorkload(Workload workload, int totalBytes, int repetitions, string only)
{
    Dataset dataset = Jobs.Generate(workload, totalBytes, Math.Max(1, totalBytes / BatchBytes));
    using var files = new InputFiles(dataset);
    IReadOnlyList<Job> jobs = Jobs.All(workload, dataset, files, only.Split(',', StringSplitOptions.TrimEntries));
    IReadOnlyList<Measurement> measurements = Measure.Run(jobs, dataset, repetitions);
    foreach (Job job in jobs)
    {
        job.Dispose();
    }

    Report.Write(Console.Out, workload, measurements);
    return Report.Agree(Console.Error, workload, measurements);
}
