namespace FastStream.Tests.Kafka;

/// <summary>A context that runs a stream of a test and keeps what comes out; a test waits for so many records.</summary>
public sealed class StreamRun : IAsyncDisposable
{
    private readonly Lock _lock = new();   // guards _records and _waiting
    private readonly List<string> _records = [];
    private readonly List<(Func<IReadOnlyList<string>, bool> IsThere, TaskCompletionSource Done)> _waiting = [];

    public StreamRun(Action<StreamRun> describe, string? state = null, Action<StreamingOptions>? change = null)
    {
        var options = new StreamingOptions { BatchInterval = TimeSpan.FromMilliseconds(20), Name = "test", Partitions = 2 };
        change?.Invoke(options);
        Context = new StreamingContext(state is null ? options : options with { Checkpoint = new CheckpointOptions { Directory = state } });
        Context.AddListener(Warnings);
        describe(this);
    }

    public StreamingContext Context { get; }

    public WarningRecorder Warnings { get; } = new();

    public IReadOnlyList<string> Records
    {
        get
        {
            lock (_lock)
            {
                return [.. _records];
            }
        }
    }

    /// <summary>An output that keeps the records, as text.</summary>
    public void Keep(DStream<string> stream) => stream.ForEachBatch((batch, _) =>
    {
        lock (_lock)
        {
            _records.AddRange(batch);
            foreach ((Func<IReadOnlyList<string>, bool> isThere, TaskCompletionSource done) in _waiting)
            {
                if (isThere(_records))
                {
                    done.TrySetResult();
                }
            }
        }
    });

    /// <summary>Waits for so many records; what stops the context is thrown.</summary>
    public Task WhenAsync(int count) => WhenAsync(records => records.Count >= count);

    public async Task WhenAsync(Func<IReadOnlyList<string>, bool> isThere)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (isThere(_records))
            {
                return;
            }

            _waiting.Add((isThere, done));
        }

        try
        {
            await (await Task.WhenAny(done.Task, Context.Completion).WaitAsync(TimeSpan.FromSeconds(60)));
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{Records.Count} records came. Warnings: {string.Join('\n', Warnings.Said)}");
        }

        Assert.True(done.Task.IsCompleted, "the context has stopped before the records came");
    }

    public async Task StopAsync()
    {
        await Context.StopAsync();
        await Context.Completion;
    }

    public ValueTask DisposeAsync() => Context.DisposeAsync();
}

/// <summary>Hears warnings, and lets tests wait for one.</summary>
public sealed class WarningRecorder : StreamingListener
{
    private readonly Lock _lock = new();   // guards the fields below
    private readonly List<string> _said = [];
    private readonly List<(string Part, TaskCompletionSource Done)> _waiting = [];

    public IReadOnlyList<string> Said
    {
        get
        {
            lock (_lock)
            {
                return [.. _said];
            }
        }
    }

    public override void OnWarning(string message, Exception? error)
    {
        lock (_lock)
        {
            _said.Add(message);
            foreach ((string part, TaskCompletionSource done) in _waiting)
            {
                if (message.Contains(part, StringComparison.Ordinal))
                {
                    done.TrySetResult();
                }
            }
        }
    }

    public async Task WhenSaidAsync(string part)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_said.Any(said => said.Contains(part, StringComparison.Ordinal)))
            {
                return;
            }

            _waiting.Add((part, done));
        }

        await done.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }
}

/// <summary>A directory for the state of a test's job.</summary>
public sealed class StateDirectory : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("faststream-").FullName;

    public string Path => System.IO.Path.Combine(_folder, "state");

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
