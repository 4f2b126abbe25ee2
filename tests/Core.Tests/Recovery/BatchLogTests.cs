using System.Buffers.Binary;
using FastStream.Tests.Core.Outputs;
using Microsoft.Win32.SafeHandles;
using Xunit.Abstractions;

namespace FastStream.Tests.Core.Checkpointing;

/// <summary>
/// The log of batches: what was appended is read again, a torn end is cut off, and everything else that is not as it
/// was written is refused with its place.
/// </summary>
public sealed class BatchLogTests(ITestOutputHelper output) : IDisposable
{
    private const int Header = BatchLog.FileHeaderBytes;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private string PathOf(int segment) => _directory.File($"batches-{segment:D9}.log");

    private byte[] Write(params byte[][] payloads)
    {
        using (BatchLog log = BatchLog.Open(_directory.Path, 1, 0))
        {
            foreach (byte[] payload in payloads)
            {
                Assert.Equal(1, log.Append(payload));
            }
        }

        return File.ReadAllBytes(PathOf(1));
    }

    private (List<byte[]> Frames, int Segment, long Length) Read(int from = 1)
    {
        var reader = new BatchLogReader(_directory.Path, from);
        List<byte[]> frames = [.. reader.Frames()];
        return (frames, reader.Segment, reader.Length);
    }

    private string Refused(int from = 1) => Assert.Throws<InvalidDataException>(() => Read(from)).Message;

    private void CheckDamageAt(long offset) =>
        Assert.StartsWith($"{PathOf(1)} is damaged at byte {offset}: ", Refused(), StringComparison.Ordinal);

    // Where the frames end, the file's own first.
    private static int[] Ends(byte[][] payloads) =>
        [.. payloads.Aggregate(new List<int> { Header }, (ends, payload) => [.. ends, ends[^1] + Frame.HeaderBytes + payload.Length])];

    private ulong Salt()
    {
        using SafeFileHandle file = File.OpenHandle(PathOf(1));
        return BatchLogFile.SaltOf(file, PathOf(1), 1);
    }

    [Fact]
    public void Frames_OverSeveralFiles_AreInOrder()
    {
        Random random = RandomSource.New(output);
        var written = new List<byte[]>();
        using (BatchLog log = BatchLog.Open(_directory.Path, 1, 0))
        {
            for (int i = 0; i < 60; i++)
            {
                written.Add(Mutations.Noise(random, random.Next(3) * random.Next(50_000)));
                log.Append(written[^1]);
                if (i % 20 == 19)
                {
                    log.Roll();
                }
            }

            Assert.Equal(4, log.Segment);
        }

        Assert.Equal(written, Read().Frames);
        Assert.Equal(written[20..], Read(2).Frames);
        Assert.Equal((4, Header), (Read(4).Segment, Read(4).Length));
        (_, int segment, long length) = Read();
        using (BatchLog log = BatchLog.Open(_directory.Path, segment, length))
        {
            log.Append([1]);
            log.RemoveBefore(3);
        }

        Assert.Equal([.. written[40..], [1]], Read(3).Frames);
        Assert.Contains($"{PathOf(2)} is missing.", Refused(2), StringComparison.Ordinal);
    }

    [Fact]
    public void Frames_CutAnywhere_AreThoseBeforeAndTheLogGoesOn()
    {
        byte[][] payloads = [[1, 2, 3], [], [4], [5, 6, 7, 8, 9]];
        byte[] bytes = Write(payloads);
        int[] ends = Ends(payloads);
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            File.WriteAllBytes(PathOf(1), bytes[..cut]);
            int whole = ends.Count(end => end <= cut) - 1;
            (List<byte[]> frames, int segment, long length) = Read();
            Assert.Equal(payloads.Take(whole), frames);
            Assert.Equal(whole < 0 ? 0 : ends[whole], length);
            using (BatchLog log = BatchLog.Open(_directory.Path, segment, length))
            {
                log.Append([100]);
            }

            Assert.Equal([.. payloads.Take(whole), [100]], Read().Frames);
        }
    }

    [Fact]
    public void Frames_AnyBitFlipped_AreRefusedWithThePlace()
    {
        byte[][] payloads = [[1, 2, 3], [4], [], [5, 6, 7, 8, 9]];
        byte[] bytes = Write(payloads);
        int[] starts = [0, .. Ends(payloads)];
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            File.WriteAllBytes(PathOf(1), Mutations.Flip(bytes, bit));
            CheckDamageAt(starts.Last(start => start <= bit / 8));
        }
    }

    [Fact]
    public void Frames_PieceRemovedOrDoubled_AreRefused()
    {
        byte[] bytes = Write([1, 2, 3], [4, 5], [6]);
        int[] ends = Ends([[1, 2, 3], [4, 5], [6]]);
        File.WriteAllBytes(PathOf(1), [.. bytes[..ends[0]], .. bytes[ends[1]..]]);
        CheckDamageAt(ends[0]);
        File.WriteAllBytes(PathOf(1), [.. bytes[..ends[2]], .. bytes[ends[1]..]]);   // a frame twice
        CheckDamageAt(ends[2]);
        File.WriteAllBytes(PathOf(1), [.. bytes[..ends[0]], 7, .. bytes[ends[0]..]]);
        CheckDamageAt(ends[0]);
    }

    [Fact]
    public void Frames_LastOneWithSectorsOfZeros_IsTorn()
    {
        byte[] large = Enumerable.Repeat((byte)7, 3000).ToArray();
        byte[] bytes = Write([1, 2, 3], large);
        int start = Ends([[1, 2, 3]])[^1];
        foreach ((int from, int to) in new[] { (512, 1024), (1024, bytes.Length), (2560, bytes.Length), (start, bytes.Length) })
        {
            byte[] torn = [.. bytes];
            torn.AsSpan(from, to - from).Clear();
            File.WriteAllBytes(PathOf(1), torn);
            Assert.Equal([[1, 2, 3]], Read().Frames);
        }

        File.WriteAllBytes(PathOf(1), [.. bytes, .. new byte[1000]]);
        Assert.Equal([[1, 2, 3], large], Read().Frames);
    }

    [Fact]
    public void Frames_SectorsOfZerosBeforeOthers_AreRefused()
    {
        byte[] bytes = Write(Enumerable.Repeat((byte)7, 3000).ToArray(), [1]);
        bytes.AsSpan(1024, 512).Clear();
        File.WriteAllBytes(PathOf(1), bytes);
        CheckDamageAt(Header);
        bytes.AsSpan(Header, 512).Clear();   // and no length to follow
        File.WriteAllBytes(PathOf(1), bytes);
        CheckDamageAt(Header);
        File.WriteAllBytes(PathOf(1), bytes[..^1]);   // the next one was begun
        CheckDamageAt(Header);
    }

    [Fact]
    public void Frames_RandomDamage_IsAPrefixOrRefused()
    {
        Random random = RandomSource.New(output);
        byte[][] payloads = Enumerable.Range(0, 10).Select(_ => Mutations.Noise(random, random.Next(200))).ToArray();
        byte[] bytes = Write(payloads);
        Mutations.CheckReader(random, 500, () => bytes, changed =>
        {
            File.WriteAllBytes(PathOf(1), changed);
            List<byte[]> frames = Read().Frames;
            Assert.Equal(payloads.Take(frames.Count), frames);
        });
    }

    [Fact]
    public void Frames_PayloadThatLooksLikeFrames_IsTornAsAnyOther()
    {
        byte[] bytes = Write([1, 2, 3]);
        byte[] magic = Enumerable.Repeat("FSf1"u8.ToArray(), 1 << 20).SelectMany(piece => piece).ToArray();
        foreach (byte[] payload in new[] { [.. bytes, .. bytes[Header..], 9, 9], magic })
        {
            byte[] all = Write([1, 2, 3], payload);
            File.WriteAllBytes(PathOf(1), all[..^1]);
            Assert.Equal([[1, 2, 3]], Read().Frames);
            all[Ends([[1, 2, 3]])[^1]] ^= 1;
            File.WriteAllBytes(PathOf(1), all);
            CheckDamageAt(Ends([[1, 2, 3]])[^1]);
        }
    }

    [Fact]
    public void Frames_LengthThatLies_TakesNoMemory()
    {
        byte[] bytes = Write([1, 2, 3]);
        byte[] header = new byte[Frame.HeaderBytes];
        Frame.WriteHeader(header, [], 0);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), int.MaxValue);
        Span<byte> summed = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(summed, BatchLogFile.SeedAt(Salt(), bytes.Length));
        header.AsSpan(4, 4).CopyTo(summed[8..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), Crc32C.Of(summed));
        File.WriteAllBytes(PathOf(1), [.. bytes, .. header, 1, 2, 3]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal([[1, 2, 3]], Read().Frames);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Frames_FileBeforeTheLastTorn_AreRefused()
    {
        using (BatchLog log = BatchLog.Open(_directory.Path, 1, 0))
        {
            log.Append([1, 2, 3]);
            log.Roll();
        }

        byte[] bytes = File.ReadAllBytes(PathOf(1));
        File.WriteAllBytes(PathOf(1), bytes[..^1]);
        CheckDamageAt(Header);
        File.WriteAllBytes(PathOf(1), []);
        CheckDamageAt(0);
    }

    [Fact]
    public void Frames_LastFileNotBegun_EndWithTheOneBefore()
    {
        using (BatchLog log = BatchLog.Open(_directory.Path, 1, 0))
        {
            log.Append([1]);
            log.Roll();
        }

        byte[] begun = File.ReadAllBytes(PathOf(2));
        foreach (byte[] torn in Enumerable.Range(0, Header).Select(length => begun[..length]).Append(new byte[Header])
            .Append([.. begun[..16], .. new byte[16]]))
        {
            File.WriteAllBytes(PathOf(2), torn);
            (List<byte[]> frames, int segment, long length) = Read();
            Assert.Equal([[1]], frames);
            Assert.Equal((2, 0), (segment, length));
        }

        using (BatchLog log = BatchLog.Open(_directory.Path, 2, 0))
        {
            log.Append([2]);
        }

        Assert.Equal([[1], [2]], Read().Frames);
    }

    [Fact]
    public void Frames_FileMissing_AreRefusedWithItsName()
    {
        using (BatchLog log = BatchLog.Open(_directory.Path, 1, 0))
        {
            log.Roll();
            log.Roll();
        }

        Assert.Contains($"{PathOf(4)} is missing", Refused(4), StringComparison.Ordinal);
        File.Delete(PathOf(2));
        Assert.Contains($"{PathOf(2)} is missing", Refused(), StringComparison.Ordinal);
        Assert.Contains($"{PathOf(2)} is missing", Refused(2), StringComparison.Ordinal);
        File.Copy(PathOf(3), PathOf(2));
        Assert.Contains($"{PathOf(2)} was written as file 3", Refused(2), StringComparison.Ordinal);
    }

    [Fact]
    public void Frames_NamesOfOthers_AreNotLookedAt()
    {
        Write([1]);
        foreach (string name in new[] { "batches-2.log", "batches-+00000002.log", "batches- 00000002.log",
            "batches-000000002.log.old", "batches-x.log", "batches-.log", "batches-99999999999.log", "batches--00000002.log" })
        {
            File.WriteAllText(_directory.File(name), "x");
        }

        Assert.Equal([[1]], Read().Frames);
        using BatchLog log = BatchLog.Open(_directory.Path, 1, Read().Length);
        log.RemoveBefore(1000);
        Assert.Equal(8, Directory.GetFiles(_directory.Path).Length);
    }

    [Fact]
    public void Exists_BeforeAndAfterTheFirstBatch_IsKnown()
    {
        Assert.False(BatchLog.Exists(_directory.Path));
        Write();
        Assert.False(BatchLog.Exists(_directory.Path));   // a crash before the first checkpoint leaves this
        Write([7]);
        Assert.True(BatchLog.Exists(_directory.Path));
    }

    [Fact]
    public void Open_FileShorterThanRead_IsRefused()
    {
        Write([1]);
        Assert.Throws<IOException>(() => BatchLog.Open(_directory.Path, 1, 10_000));
        Assert.Throws<FileNotFoundException>(() => BatchLog.Open(_directory.Path, 2, 10_000));
        Assert.Equal([[1]], Read().Frames);
    }

    [Fact]
    public void Append_ByManyThreads_KeepsAll()
    {
        using (BatchLog log = BatchLog.Open(_directory.Path, 1, 0))
        {
            Parallel.For(0, 100, i =>
            {
                log.Append([(byte)i]);
                if (i % 25 == 0)
                {
                    log.Roll();
                }
            });
        }

        Assert.Equal(Enumerable.Range(0, 100), Read().Frames.Select(frame => (int)frame[0]).Order());
    }

    [Fact]
    public void Append_Disposed_IsRefused()
    {
        BatchLog log = BatchLog.Open(_directory.Path, 1, 0);
        log.Dispose();
        Assert.Throws<IOException>(() => log.Append([1]));
        Assert.Throws<IOException>(log.Roll);
    }
}
