using System.Buffers;
using FastStream.Tests.Core.Outputs;

namespace FastStream.Tests.Core.Checkpointing;

/// <summary>Older checkpoints are read again in turn, and one that cannot serve any more is told of, once.</summary>
public sealed class CheckpointScrubberTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<string> _warnings = [];

    public void Dispose() => _directory.Dispose();

    // Each begins in a log file of its own, as in a program.
    private CheckpointStore Store(int count)
    {
        var store = new CheckpointStore(_directory.Path);
        using BatchLog log = BatchLog.Open(_directory.Path, 1, 0);
        for (int i = 1; i <= count; i++)
        {
            log.Append([(byte)i]);
            int segment = log.Segment;
            log.Roll();
            store.Save(i, writer =>
            {
                writer.Write("state", "s", "", output => output.Write<byte>([1, 2, 3]));
                return new CheckpointManifest(i, default, TimeSpan.FromSeconds(1), default, segment, log.End, 0, 0, []);
            });
        }

        return store;
    }

    private async Task LookAsync(CheckpointStore store, int times)
    {
        using var scrubber = new CheckpointScrubber(store, _directory.Path, _warnings.Add);
        for (int i = 0; i < times; i++)
        {
            scrubber.LookAtNext(store.ManifestOf(store.Numbers[0]));
            await scrubber.Look;
        }
    }

    [Fact]
    public async Task LookAtNext_AllWhole_SaysNothing()
    {
        await LookAsync(Store(4), 10);
        await LookAsync(new CheckpointStore(_directory.Path), 1);
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task LookAtNext_OneAlone_IsNotLookedAt()
    {
        CheckpointStore store = Store(1);
        File.WriteAllBytes(_directory.File("checkpoint-000000001/data"), [1, 2, 4]);
        await LookAsync(store, 3);
        Assert.Empty(_warnings);
    }

    [Theory]
    [InlineData("data", 1)]
    [InlineData("data", 2)]
    [InlineData("data", 3)]
    [InlineData("manifest", 2)]
    public async Task LookAtNext_OneDamaged_IsToldOfOnceWithinARound(string file, int number)
    {
        CheckpointStore store = Store(4);
        string path = _directory.File($"checkpoint-{number:D9}/{file}");
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        await LookAsync(store, 3);
        string warning = Assert.Single(_warnings);
        Assert.StartsWith($"Checkpoint {number} is kept for the case that newer ones are damaged, and cannot be used: ", warning,
            StringComparison.Ordinal);
        _warnings.Clear();
        await LookAsync(store, 9);
        Assert.Single(_warnings);
    }

    [Fact]
    public async Task LookAtNext_LogFileGoneOrCut_IsToldOf()
    {
        CheckpointStore store = Store(4);
        string path = BatchLog.PathOf(_directory.Path, 2);
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..BatchLog.FileHeaderBytes]);
        await LookAsync(store, 3);
        Assert.Equal(2, _warnings.Count);   // the first two need the file
        Assert.All(_warnings,
            warning => Assert.Contains($"{path} is damaged at byte {BatchLog.FileHeaderBytes}", warning, StringComparison.Ordinal));
        _warnings.Clear();
        File.Delete(path);
        await LookAsync(store, 3);
        Assert.All(_warnings, warning => Assert.Contains($"{path} is missing", warning, StringComparison.Ordinal));
        Assert.Equal(2, _warnings.Count);
    }

    [Fact]
    public async Task Context_OlderCheckpointDamaged_WarnsItsListeners()
    {
        using var folder = new JobFolder();
        await using StreamScenario scenario =
            folder.Start(interval: 1, configure: options => options with
                { Checkpoint = options.Checkpoint! with { KeptCheckpoints = 1000 } });
        var warned = new Warned();
        scenario.Context.AddListener(warned);
        ManualStream<int> numbers = scenario.Input<int>([[1], [2], [3]]);
        scenario.Output(numbers.Window(TimeSpan.FromSeconds(2)));
        await scenario.RunBatchesAsync();
        string manifest = Path.Combine(folder.Path, "checkpoint-000000001", "manifest");
        byte[] bytes = File.ReadAllBytes(manifest);
        bytes[^1] ^= 1;
        File.WriteAllBytes(manifest, bytes);
        for (int i = 0; i < 200 && !warned.Message.IsCompleted; i++)
        {
            await scenario.RunBatchesAsync(1);
        }

        Assert.StartsWith("Checkpoint 1 is kept", await warned.Message.WaitAsync(TimeSpan.FromMinutes(1)), StringComparison.Ordinal);
    }

    private sealed class Warned : StreamingListener
    {
        private readonly TaskCompletionSource<string> _message = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Message => _message.Task;

        public override void OnWarning(string message, Exception? exception) => _message.TrySetResult(message);
    }
}
