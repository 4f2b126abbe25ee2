using System.Globalization;
using Spectre.Console;

namespace FastStream.Cli;

/// <summary>A table on a terminal, redrawn as batches complete; the job's own output scrolls above it.</summary>
internal sealed class LiveRunView : RunView
{
    private static readonly TimeSpan BetweenDrawings = TimeSpan.FromMilliseconds(200);

    private readonly CommandOutput _output;
    private readonly TextWriter _ownConsole = Console.Out;
    // allows one call into the console at a time: drawing and printing take the library's locks in different orders
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RunTotals _now = new();
    private RunTotals _shown = new();         // the last complete second, or the incomplete first one
    private DateTimeOffset _secondAt;
    private DateTimeOffset _drawnAt;
    private LiveDisplayContext? _live;
    private Task _drawing = Task.CompletedTask;

    public LiveRunView(CommandOutput output, TimeSpan interval)
        : base(interval)
    {
        _output = output;
        Console.SetOut(new LineWriter(Print));
    }

    public override void Begin(string job, Uri? dashboard)
    {
        _output.Console.WriteLine(
            $"{job} runs, every {Times.Text(Interval)}{(dashboard is null ? "" : $"; its page is at {dashboard}")}. Ctrl-C stops it well.");
        _drawing = _output.Console.Live(Drawing()).StartAsync(context =>
        {
            _live = context;
            return _ended.Task;
        });
    }

    public override void End()
    {
        Draw();
        Console.SetOut(_ownConsole);          // before the table is left, so that nobody prints meanwhile
        _ended.TrySetResult();
        _drawing.GetAwaiter().GetResult();
    }

    public override void Dispose()
    {
        _ended.TrySetResult();
        Console.SetOut(_ownConsole);
        base.Dispose();
    }

    protected override void Show(BatchInfo batch)
    {
        _now.Add(batch);
        DateTimeOffset time = batch.EndedAt ?? batch.SubmittedAt;
        if (time - _secondAt >= TimeSpan.FromSeconds(1))
        {
            (_shown, _now, _secondAt) = (_now, new RunTotals(), time);
        }

        if (time - _drawnAt >= BetweenDrawings)
        {
            _drawnAt = time;
            Draw();
        }
    }

    protected override void Warn(string message) => Print(message);

    private void Print(string lines)
    {
        lock (_lock)
        {
            _output.Console.WriteLine(lines);
        }
    }

    private void Draw()
    {
        lock (_lock)
        {
            _live?.UpdateTarget(Drawing());
        }
    }

    private Table Drawing()
    {
        Table table = new Table().Border(TableBorder.Rounded)
            .AddColumn("").AddColumn("batches", Right).AddColumn("records", Right).AddColumn("p50", Right)
                .AddColumn("p95", Right).AddColumn("max", Right)
            .AddColumn("delay p95", Right).AddColumn("of the interval", Right).AddColumn("failed", Right);
        AddRow(table, "last second", _shown);
        AddRow(table, "whole run", Totals);
        return table;
    }

    private void AddRow(Table table, string name, RunTotals totals)
    {
        double part = totals.Processing.Percentile(0.95) / Interval;
        string colour = part switch { < 0.5 => "green", < 0.9 => "yellow", _ => "red" };
        table.AddRow(
            name,
            totals.Batches.ToString("N0", CultureInfo.InvariantCulture),
            totals.Records.ToString("N0", CultureInfo.InvariantCulture),
            Times.Text(totals.Processing.Percentile(0.5)),
            Times.Text(totals.Processing.Percentile(0.95)),
            Times.Text(totals.Processing.Largest),
            Times.Text(totals.Delay.Percentile(0.95)),
            string.Create(CultureInfo.InvariantCulture, $"[{colour}]{part:0%}[/]"),
            totals.Failed == 0 ? "0" : $"[red]{totals.Failed.ToString("N0", CultureInfo.InvariantCulture)}[/]");
    }

    private static void Right(TableColumn column) => column.RightAligned();
}
