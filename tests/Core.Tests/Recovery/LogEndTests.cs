using FastStream.Tests.Core.Outputs;

namespace FastStream.Tests.Core.Checkpointing;

/// <summary>
/// The end of the log: what was removed, emptied or cut off is refused where a checkpoint or the next file knew of it, and is a torn
/// end, with a warning, where nothing did.
/// </summary>
public sealed class LogEndTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private string PathOf(int segment) => BatchLog.PathOf(_directory.Path, segment);

    private LogEnd Write(params byte[][][] files)
    {
        using BatchLog log = BatchLog.Open(_directory.Path, 1, 0);
        foreach ((int i, byte[][] payloads) in files.Index())
        {
            if (i > 0)
            {
                log.Roll();
            }

            foreach (byte[] payload in payloads)
            {
                log.Append(payload);
            }
        }

        return log.End;
    }

    private string Refused(LogEnd known, int from = 1) =>
        Assert.Throws<InvalidDataException>(() => new BatchLogReader(_directory.Path, from, known).Frames().Count()).Message;

    [Fact]
    public void Frames_LastFileOfAKnownEnd_MayNotBeMissingEmptyOrCut()
    {
        LogEnd known = Write([[1], [2]], [[3], [4, 5]]);
        Assert.Equal(new LogEnd(2, new FileInfo(PathOf(2)).Length), known);
        byte[] bytes = File.ReadAllBytes(PathOf(2));
        int secondFrame = BatchLog.FileHeaderBytes + Frame.HeaderBytes + 1;
        for (int cut = 0; cut < bytes.Length; cut++)
        {
            File.WriteAllBytes(PathOf(2), bytes[..cut]);
            int place = cut < BatchLog.FileHeaderBytes ? 0 : cut < secondFrame ? BatchLog.FileHeaderBytes : secondFrame;
            Assert.StartsWith($"{PathOf(2)} is damaged at byte {place}: ", Refused(known), StringComparison.Ordinal);
            Assert.Throws<InvalidDataException>(new BatchLogReader(_directory.Path, 1, known).CheckFiles);
        }

        File.Delete(PathOf(2));
        Assert.StartsWith($"{PathOf(2)} is missing.", Refused(known), StringComparison.Ordinal);
        File.Delete(PathOf(1));
        Assert.StartsWith($"{PathOf(1)} is missing.", Refused(known), StringComparison.Ordinal);
        Assert.StartsWith($"{PathOf(2)} is missing.", Refused(known, from: 2), StringComparison.Ordinal);
    }

    [Fact]
    public void Frames_CutBehindAKnownEnd_AreThoseBeforeAndTellWhatWasTorn()
    {
        LogEnd known = Write([[1], [2]]);
        using (BatchLog log = BatchLog.Open(_directory.Path, known.Segment, known.Length))
        {
            log.Append([3]);
            log.Append([4]);
        }

        byte[] bytes = File.ReadAllBytes(PathOf(1));
        int frame = Frame.HeaderBytes + 1;
        for (int cut = (int)known.Length; cut <= bytes.Length; cut++)
        {
            File.WriteAllBytes(PathOf(1), bytes[..cut]);
            var reader = new BatchLogReader(_directory.Path, 1, known);
            int behind = cut - (int)known.Length;
            Assert.Equal(2 + (behind / frame), reader.Frames().Count());
            Assert.Equal(behind % frame, reader.TornBytes);
        }
    }

    [Fact]
    public void Frames_FileBeforeTheLastCutBetweenTwoFrames_AreRefused()
    {
        Write([[1], [2]], [[3]]);
        byte[] bytes = File.ReadAllBytes(PathOf(1));
        int end = BatchLog.FileHeaderBytes + Frame.HeaderBytes + 1;
        File.WriteAllBytes(PathOf(1), bytes[..end]);
        Assert.StartsWith($"{PathOf(1)} is damaged at byte {end}: more was written to the file, and it was cut off there",
            Refused(default), StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(new BatchLogReader(_directory.Path, 1).CheckFiles);
        File.WriteAllBytes(PathOf(1), bytes);
        new BatchLogReader(_directory.Path, 1).CheckFiles();
    }

    [Fact]
    public void Open_FileThatACrashLeftUnbegun_StillTellsOfTheOneBefore()
    {
        Write([[1], [2]], []);
        File.WriteAllBytes(PathOf(2), []);
        var reader = new BatchLogReader(_directory.Path, 1);
        Assert.Equal([[1], [2]], reader.Frames());
        BatchLog.Open(_directory.Path, reader.Segment, reader.Length, reader.BytesBefore).Dispose();
        File.WriteAllBytes(PathOf(1), File.ReadAllBytes(PathOf(1))[..^(Frame.HeaderBytes + 1)]);
        Assert.Contains("more was written to the file", Refused(default), StringComparison.Ordinal);
    }

    [Fact]
    public void Frames_LinkInAFilesPlace_AreRefused()
    {
        Write([[1]]);
        File.Move(PathOf(1), _directory.File("elsewhere"));
        File.CreateSymbolicLink(PathOf(1), _directory.File("elsewhere"));
        Assert.Contains("is a link",
            Assert.Throws<InvalidOperationException>(() => new BatchLogReader(_directory.Path, 1).Frames().Count()).Message,
            StringComparison.Ordinal);
        Assert.Contains("is a link",
            Assert.Throws<InvalidOperationException>(() => BatchLog.Open(_directory.Path, 1, 0)).Message, StringComparison.Ordinal);
        Assert.NotEmpty(File.ReadAllBytes(_directory.File("elsewhere")));
    }

    [Theory]
    [InlineData("removed")]
    [InlineData("emptied")]
    [InlineData("begun")]
    public async Task Start_LastLogFileGone_IsRefusedAgainAndAgain(string damage)
    {
        using var folder = new JobFolder();
        await RunAsync(folder, 0, [[1], [2], [3], [4], [5]]);
        string last = LastLog(folder.Path);
        byte[] bytes = File.ReadAllBytes(last);
        switch (damage)
        {
            case "removed":
                File.Delete(last);
                break;
            case "emptied":
                File.WriteAllBytes(last, []);
                break;
            default:
                File.WriteAllBytes(last, bytes[..20]);
                break;
        }

        for (int i = 0; i < 2; i++)
        {
            await RefusedAsync(folder, last);

            // Also where the newest checkpoint is damaged, and an older one would go on from files before that one.
            Damage(folder);
        }

        File.WriteAllBytes(last, bytes);
        Assert.Equal(15 + 6, (await RunAsync(folder, 5, [[6]])).Sum);
    }

    [Fact]
    public async Task Start_AfterAGracefulStop_LastLogFileGoneIsRefused()
    {
        using var folder = new JobFolder();
        await using (StreamScenario first = folder.Start(interval: 100))
        {
            first.Output(Sums(first, [[1], [2]]));
            await first.RunBatchesAsync(2);
            await first.Context.StopAsync();
        }

        string last = LastLog(folder.Path);
        File.Delete(last);
        await RefusedAsync(folder, last);
    }

    [Fact]
    public async Task Start_LastLogFileCutAnywhereBehindTheCheckpoint_GoesOnWithTheBatchesBefore()
    {
        using var folder = new JobFolder();
        await RunAsync(folder, 0, [[1], [2]], interval: 100);   // the first checkpoint only
        byte[] bytes = File.ReadAllBytes(LastLog(folder.Path));
        for (int cut = BatchLog.FileHeaderBytes; cut < bytes.Length; cut++)
        {
            using var copy = new JobFolder();
            Copy(folder.Path, copy.Path);
            string last = LastLog(copy.Path);
            File.WriteAllBytes(last, bytes[..cut]);
            byte[][] whole = [.. new BatchLogReader(copy.Path, 1).Frames()];
            int plans = whole.Count(frame => frame[0] == 1);
            bool isTorn = cut != BatchLog.FileHeaderBytes + whole.Sum(frame => frame.Length + Frame.HeaderBytes);
            (int sum, string? warning) = await RunAsync(copy, 2, [[10]], interval: 100);
            Assert.Equal(10 + (plans * (plans + 1) / 2), sum);
            Assert.Equal(isTorn, warning?.Contains("they were cut off", StringComparison.Ordinal) == true);
        }
    }

    private static string LastLog(string directory) => BatchLog.PathOf(directory, BatchLog.Segments(directory).Max());

    private static void Damage(JobFolder folder)
    {
        string data =
            Path.Combine(Directory.EnumerateDirectories(folder.Path, "checkpoint-*").Order(StringComparer.Ordinal).Last(), "data");
        byte[] bytes = File.ReadAllBytes(data);
        bytes[^1] ^= 1;
        File.WriteAllBytes(data, bytes);
    }

    private static async Task RefusedAsync(JobFolder folder, string file)
    {
        await using StreamScenario refused = folder.Start(afterTick: 5);
        refused.Output(Sums(refused, [[1]]));
        Assert.StartsWith($"{file} is ", Assert.Throws<InvalidDataException>(refused.Context.Start).Message, StringComparison.Ordinal);
    }

    private static void Copy(string from, string to)
    {
        foreach (string directory in Directory.GetDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, directory)));
        }

        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }

    private static DStream<(string Key, int Value)> Sums(StreamScenario scenario, int[][] batches) => scenario.Input(batches)
        .Map(x => (Key: "a", Value: x))
        .UpdateStateByKey((ReadOnlySpan<int> values, Optional<int> state) => state.GetValueOrDefault() + values.ToArray().Sum());

    // One run that is not stopped well; its last sum, and what it warned of the log.
    private static async Task<(int Sum, string? Warning)> RunAsync(JobFolder folder, int afterTick, int[][] batches, int interval = 2)
    {
        await using StreamScenario scenario = folder.Start(afterTick, interval: interval);
        RecordedOutput<(string Key, int Value)> found = scenario.Output(Sums(scenario, batches));
        await scenario.RunAsync();
        return (found.Batches[^1]!.Single().Value,
            scenario.Recorder.Events.Select(heard => heard.Message)
                .FirstOrDefault(message => message?.Contains("batches-", StringComparison.Ordinal) == true));
    }
}
