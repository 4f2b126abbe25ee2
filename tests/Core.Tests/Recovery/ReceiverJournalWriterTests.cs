using System.Buffers;
using System.Text;
using FastStream.Tests.Core.Outputs;

namespace FastStream.Tests.Core.Checkpointing;

/// <summary>The journal by itself: what waits goes to the disk together, is bounded, and is read again in order.</summary>
public sealed class ReceiverJournalWriterTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryDirectory _directory = new();
    private readonly List<StreamingException> _failures = [];

    public void Dispose() => _directory.Dispose();

    private string Path => _directory.File("received/input");

    private ReceiverJournal New(ReceiverJournalOptions? options = null, byte[]? position = null, string input = "input",
        string? schema = null)
    {
        var journal = new ReceiverJournal(Path, input, options ?? new ReceiverJournalOptions(), _failures.Add, schema);
        journal.LoadPosition(position);
        return journal;
    }

    private static string Text(ReadOnlyMemory<byte> entry) => Encoding.UTF8.GetString(entry.Span);

    private static byte[] Saved(Action<IBufferWriter<byte>> save)
    {
        var output = new ArrayBufferWriter<byte>();
        save(output);
        return output.WrittenSpan.ToArray();
    }

    private static JournalRange RangeOf(byte[] plan)
    {
        ReadOnlySpan<byte> rest = plan;
        Assert.True(JournalRange.TryRead(ref rest, out JournalRange range));
        Assert.True(rest.IsEmpty);
        return range;
    }

    private static JournalRange Append(ReceiverJournal journal, string text) => Append(journal, Encoding.UTF8.GetBytes(text));

    /// <summary>Appends entries, which are a batch; gives what its plan says.</summary>
    private static JournalRange Append(ReceiverJournal journal, params IReadOnlyList<byte[]> entries)
    {
        foreach (byte[] entry in entries)
        {
            journal.Append(entry);
        }

        journal.Cut();
        return RangeOf(Saved(journal.SaveBatch));
    }

    [Fact]
    public async Task Begin_AfterBatchesAndACheckpoint_GivesWhatIsInNone()
    {
        ReceiverJournal first = New();
        Assert.Empty(first.Begin());
        JournalRange one = Append(first, [.. "a"u8], [.. "b"u8]);
        byte[] position = Saved(output => first.SavePosition(new BatchTime(1000), output));
        JournalRange two = Append(first, [.. "c"u8], []);
        JournalRange none = Append(first);
        first.Append("d"u8);
        await first.CloseAsync();   // brings what waits to the disk
        Assert.Equal([new JournalRange(0, 2), new JournalRange(2, 4), new JournalRange(4, 4)], [one, two, none]);

        ReceiverJournal second = New(position: position);
        Assert.Equal(["c", ""], second.Load(two).Select(Text));
        Assert.Empty(second.Load(none));
        Assert.Equal(["d"], second.Begin().Select(Text));
        Assert.Equal(new JournalRange(4, 6), Append(second, "e"));
        await second.CloseAsync();

        ReceiverJournal other = New();
        Assert.Equal(["a", "b"], other.Load(one).Select(Text));
        Assert.Equal(["c", "", "d", "e"], other.Begin().Select(Text));
        await other.CloseAsync();
    }

    [Fact]
    public async Task Load_EntriesOfOtherSchemas_AreRefusedByTheirNames()
    {
        ReceiverJournal first = New();   // as a version that did not say
        first.Begin();
        JournalRange one = Append(first, "a");
        await first.CloseAsync();

        ReceiverJournal second = New(schema: "raw L enum L(Red=0)");
        Assert.Equal(["a"], second.Load(one).Select(Text));
        second.Begin();
        JournalRange two = Append(second, "b");
        await second.CloseAsync();

        ReceiverJournal third = New(schema: "raw L enum L(Red=0 Green=1)");
        Assert.Equal(["a"], third.Load(one).Select(Text));
        Assert.Equal(["b"], third.Load(two).Select(Text));
        third.Begin();
        JournalRange three = Append(third, "c");
        third.Append("d"u8);
        await third.CloseAsync();

        ReceiverJournal other = New(schema: "raw L enum L(Red=0 Blue=1)");
        Assert.Equal(["a"], other.Load(one).Select(Text));
        Assert.Equal(["b"], other.Load(two).Select(Text));
        string message = Assert.ThrowsAny<InvalidOperationException>(() => other.Load(three)).Message;
        Assert.Contains("was written with Green=1", message, StringComparison.Ordinal);
        Assert.Contains("The records of input", message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(other.Begin);
        Assert.Throws<InvalidOperationException>(New().Begin);   // bytes as they came
    }

    // What a checkpoint needs may begin in any file: each says what its entries are.
    [Fact]
    public async Task Begin_InALaterFile_KnowsItsSchema()
    {
        ReceiverJournal first = New(new ReceiverJournalOptions { MaxFileBytes = 4096 }, schema: "raw X");
        first.Begin();
        byte[] position = [];
        for (int i = 0; i < 4; i++)
        {
            Append(first, new string('x', 5000));
            position = Saved(output => first.SavePosition(new BatchTime(i), output));
        }

        first.Append("left"u8);
        await first.CloseAsync();
        Assert.True(JournalPosition.Read(position, "input").File > 1);
        Assert.Throws<InvalidOperationException>(New(position: position, schema: "raw Y").Begin);
        ReceiverJournal second = New(position: position, schema: "raw X");
        Assert.Equal(["left"], second.Begin().Select(Text));
        await second.CloseAsync();
    }

    [Fact]
    public async Task Load_PlanThatDoesNotFit_IsRefused()
    {
        ReceiverJournal first = New();
        first.Begin();
        first.Append("a"u8);
        await first.CloseAsync();
        Assert.Contains("begins with entry 1", Assert.Throws<InvalidDataException>(() => New().Load(new JournalRange(1,
            2))).Message, StringComparison.Ordinal);
        Assert.Contains("up to 4", Assert.Throws<InvalidDataException>(() => New().Load(new JournalRange(0, 5))).Message,
            StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => New(position: [9]));
    }

    [Fact]
    public async Task Append_WhileTheDiskIsBusy_WaitsTogetherAndIsBounded()
    {
        string input = $"input {Guid.NewGuid()}";   // no other journal of this process
        using var isWriting = new SemaphoreSlim(0);
        using var mayGoOn = new SemaphoreSlim(0);
        FailPoint.Passing = place =>
        {
            if (place == "journal written" && Thread.CurrentThread.Name == $"FastStream journal of {input}")
            {
                isWriting.Release();
                Assert.True(mayGoOn.Wait(Patience));
            }
        };
        try
        {
            ReceiverJournal journal = New(new ReceiverJournalOptions { MaxPendingBytes = 4096 }, input: input);
            journal.Begin();
            journal.Append("first"u8);
            Task first = journal.WhenWrittenAsync();
            Assert.True(await isWriting.WaitAsync(Patience));
            Assert.False(first.IsCompleted);
            while (journal.HasRoom)
            {
                journal.Append(new byte[100]);
            }

            Task others = journal.WhenWrittenAsync();
            Task room = journal.WaitForRoomAsync(CancellationToken.None).AsTask();
            using var giveUp = new CancellationTokenSource();
            Task givenUp = journal.WaitForRoomAsync(giveUp.Token).AsTask();
            await giveUp.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp);
            Task blocked = Task.Run(() => journal.Append("last"u8));
            Assert.False(room.IsCompleted);
            mayGoOn.Release(2);
            await Task.WhenAll(first, room, blocked).WaitAsync(Patience);
            mayGoOn.Release();
            await others.WaitAsync(Patience);
            await journal.CloseAsync().AsTask().WaitAsync(Patience);
            int frames = new BatchLogReader(Path, 1).Frames().Count();
            Assert.InRange(frames, 2, 3);   // the first, all that waited, and the last where it came late
        }
        finally
        {
            FailPoint.Passing = null;
        }
    }

    [Theory]
    [InlineData(FaultyDisk.Full)]
    [InlineData(FaultyDisk.NoFlush)]
    public async Task Append_DiskFails_TellsWhoeverWaitsAndTakesNothingMore(string disk)
    {
        if (!FaultyDisk.IsPossible)
        {
            return;
        }

        ReceiverJournal journal = New();
        journal.Begin();
        journal.Append("kept"u8);
        await journal.WhenWrittenAsync().WaitAsync(Patience);
        FaultyDisk.Put(System.IO.Path.Combine(Path, "batches-000000001.log"), disk);
        journal.Append("lost"u8);
        IOException error = await Assert.ThrowsAsync<IOException>(() => journal.WhenWrittenAsync().WaitAsync(Patience));
        Assert.Contains("Data received by input could not be written to disk", error.Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => journal.Append("more"u8));
        journal.Cut();
        Assert.Throws<IOException>(() => Saved(journal.SaveBatch));
        await journal.CloseAsync().AsTask().WaitAsync(Patience);
        Assert.Single(_failures);

        ReceiverJournal next = New();
        Assert.Equal(["kept"], next.Begin().Select(Text));
        await next.CloseAsync();
    }

    [Fact]
    public async Task Begin_LastFrameTornAnywhere_HasTheFramesBefore()
    {
        ReceiverJournal first = New();
        first.Begin();
        first.Append("kept"u8);
        await first.WhenWrittenAsync().WaitAsync(Patience);
        string file = System.IO.Path.Combine(Path, "batches-000000001.log");
        long whole = new FileInfo(file).Length;
        first.Append("torn"u8);
        await first.CloseAsync();
        byte[] bytes = File.ReadAllBytes(file);
        for (long length = whole; length < bytes.Length; length++)
        {
            File.WriteAllBytes(file, bytes[..(int)length]);
            ReceiverJournal torn = New();
            Assert.Equal(["kept"], torn.Begin().Select(Text));
            torn.Append("after"u8);
            await torn.CloseAsync();
            ReceiverJournal next = New();
            Assert.Equal(["kept", "after"], next.Begin().Select(Text));
            await next.CloseAsync();
        }
    }

    [Fact]
    public async Task Retire_OldestKeptIsOfThisRun_RemovesFilesBeforeItsEntries()
    {
        ReceiverJournal journal = New(new ReceiverJournalOptions { MaxFileBytes = 4096 });
        journal.Begin();
        for (int i = 1; i <= 6; i++)
        {
            Append(journal, new byte[5000]);   // a file each
            Saved(output => journal.SavePosition(new BatchTime(i * 1000), output));
        }

        journal.Retire(new BatchTime(500));   // of an earlier run: nobody knows what it needs
        string[] all = Directory.GetFiles(Path);
        journal.Retire(new BatchTime(4000));
        await journal.CloseAsync();
        Assert.InRange(all.Length, 6, 7);
        Assert.InRange(Directory.GetFiles(Path).Length, 2, 4);
        Assert.True(File.Exists(System.IO.Path.Combine(Path, "batches-000000006.log")));
    }

    [Fact]
    public void DirectoryOf_NamesOfAnyLetters_AreApartAndNamesOfFiles()
    {
        string[] names = ["Socket #1", "Socket_#1", "socket #1", "../..", "a/b", "", new string('x', 1000), new string('x',
            1001), "\u00fc"];
        string[] directories = [.. names.Select(ReceiverJournals.DirectoryOf)];
        Assert.Equal(names.Length, directories.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(directories, directory => Assert.Matches("^[A-Za-z0-9_]{0,40}-[0-9a-f]{16}$", directory));
    }

    [Fact]
    public void Validate_OutOfRange_SaysWhich()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new StreamingContext(With(new ReceiverJournalOptions { MaxPendingBytes = 4095 })));
        Assert.Throws<ArgumentOutOfRangeException>(() => new StreamingContext(With(new ReceiverJournalOptions { MaxFileBytes = 4095 })));

        static StreamingOptions With(ReceiverJournalOptions journal) =>
            new() { Checkpoint = new CheckpointOptions { Directory = "state", ReceiverJournal = journal } };
    }
}
