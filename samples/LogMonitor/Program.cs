using System.CommandLine;
using FastStream;
using LogMonitor;

var host = new Option<string>("--host") { Description = "The host of --port.", DefaultValueFactory = _ => "127.0.0.1" };
var port = new Option<int?>("--port")
    { Description = "Read lines from this port, for example of `nc -lk 9999`.",
        CustomParser = argument => Numbers.Between(1, 65_535)(argument) };
var directory = new Option<DirectoryInfo?>("--directory") { Description = "Watch this folder for new text files instead of a socket." };
var interval = new Option<TimeSpan>("--interval")
    { Description = "Time between batches: 500ms, 1s, …", CustomParser = Durations.Parse,
        DefaultValueFactory = _ => TimeSpan.FromSeconds(1) };
var duration = new Option<TimeSpan?>("--duration")
    { Description = "Stop after this time; default: at Ctrl-C.", CustomParser = argument => Durations.Parse(argument) };
var partitions = new Option<int>("--partitions")
    { Description = "Partitions of the stream, 1 to 1024.", CustomParser = Numbers.Between(1, 1024),
        DefaultValueFactory = _ => Environment.ProcessorCount };
var rate = new Option<int>("--rate")
    { Description = "Lines a second of the embedded generator, 1 or more.",
        CustomParser = Numbers.Between(1, int.MaxValue), DefaultValueFactory = _ => 10_000 };

var dashboardPort = new Option<int?>("--dashboard")
    { Description = "Serve a live page on this port of this machine, such as 4040.",
        CustomParser = argument => Numbers.Between(1, 65_535)(argument) };
var stateDirectory = new Option<DirectoryInfo?>("--state-directory")
{
    Description =
        "Also count statuses ever and the top addresses of the last minute, with their states in FASTER in this "
        + "folder: they go on after Ctrl-C or a crash.",
};

var command = new RootCommand("Watches a web server's log: errors, requests and bytes by client, and statuses, batch by batch.")
{
    host, port, directory, interval, duration, partitions, rate, dashboardPort, stateDirectory,
};
command.Validators.Add(Sources.Check(host, port, directory));
command.SetAction(async (options, cancellation) =>
{
    using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    await using var context = new StreamingContext(new StreamingOptions
    {
        Name = "log-monitor",
        BatchInterval = options.GetValue(interval),
        Partitions = options.GetValue(partitions),
        Checkpoint = options.GetValue(stateDirectory) is { } state ? new CheckpointOptions { Directory = state.FullName } : null,
        State = new StateOptions { Store = options.GetValue(stateDirectory) is null ? null : new FasterStateStore() },
    });
    context.AddListener(new ConsoleWarnings());

    LoadGenerator? generator = null;
    DStream<Utf8Text> lines;
    if (options.GetValue(directory) is { } folder)
    {
        lines = context.TextFileStream(folder.FullName);
    }
    else if (options.GetValue(port) is { } number)
    {
        lines = context.SocketTextStream(options.GetValue(host)!, number);
    }
    else
    {
        generator = new LoadGenerator(options.GetValue(rate));
        lines = context.SocketTextStream("127.0.0.1", generator.Port);
    }

    Pipeline.Describe(lines);
    if (options.GetValue(stateDirectory) is not null)
    {
        Pipeline.DescribeTotals(lines);
    }

    DashboardServer? dashboard = null;
    try
    {
        if (options.GetValue(dashboardPort) is { } page)
        {
            dashboard = await context.UseDashboardAsync(page);
            Console.Error.WriteLine($"The dashboard is at {dashboard.Address}");
        }

        context.Start();
        if (options.GetValue(duration) is { } limit)
        {
            stop.CancelAfter(limit);   // counted from here, so that a slow start of the program does not shorten it
        }

        await context.RunAsync(stop.Token);
    }
    finally
    {
        if (dashboard is not null)
        {
            await dashboard.DisposeAsync();
        }

        if (generator is not null)
        {
            await generator.DisposeAsync();
        }
    }

    return 0;
});

try
{
    // Ctrl-C requests the graceful stop, which processes what was received: give it time.
    var invocation = new InvocationConfiguration
        { ProcessTerminationTimeout = TimeSpan.FromMinutes(1), EnableDefaultExceptionHandler = false };
    return await command.Parse(args).InvokeAsync(invocation);
}
catch (Exception error) when (error is StreamingException or ArgumentException)
{
    await Console.Error.WriteLineAsync(error.Message);
    return 1;
}
