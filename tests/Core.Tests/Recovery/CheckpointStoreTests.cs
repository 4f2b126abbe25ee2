using System.Buffers;
using FastStream.Tests.Core.Outputs;
using Xunit.Abstractions;

namespace FastStream.Tests.Core.Checkpointing;

/// <summary>Checkpoints: whole under their number, or damaged and known to be.</summary>
public sealed class CheckpointStoreTests : IDisposable
{
    private readonly ITestOutputHelper _output;
    private readonly TemporaryDirectory _directory = new();
    private readonly CheckpointStore _store;

    public CheckpointStoreTests(ITestOutputHelper output)
    {
        _output = output;
        _store = new CheckpointStore(_directory.Path);
    }

    public void Dispose() => _directory.Dispose();

    private void Save(int number, params byte[][] parts) => _store.Save(number, writer =>
    {
        for (int i = 0; i < parts.Length; i++)
        {
            writer.Write("state", $"s{i}", "x", output => output.Write(parts[i]));
        }

        return new CheckpointManifest(0, new BatchTime(1000), TimeSpan.FromSeconds(1), new BatchTime(2000), 3,
            new LogEnd(3, 100), 0, 0, []);
    });

    private List<byte[]> Load(int number)
    {
        using CheckpointData data = _store.Load(number);
        return data.Manifest.Parts.Select(part => data.Read(part).ToArray()).ToList();
    }

    private string Refused(int number)
    {
        string message = Assert.Throws<InvalidDataException>(() => _store.Load(number)).Message;
        return message;
    }

    private string PathOf(int number, string file) => _directory.File($"checkpoint-{number:D9}/{file}");

    [Fact]
    public void Load_WhatWasSaved_IsTheSame()
    {
        Random random = RandomSource.New(_output);
        for (int number = 1; number <= 20; number++)
        {
            byte[][] parts = Enumerable.Range(0, random.Next(5))
                .Select(_ => Mutations.Noise(random, random.Next(3) * random.Next(200_000))).ToArray();
            Save(number, parts);
            Assert.Equal(parts, Load(number));
            using CheckpointData data = _store.Load(number);
            Assert.Equal((number, 1000, 2000, 3),
                (data.Manifest.Number, data.Manifest.ZeroTime.Milliseconds, data.Manifest.Time.Milliseconds, data.Manifest.LogSegment));
            Assert.Equal(data.Manifest.Parts, _store.ManifestOf(number).Parts);
        }
    }

    [Fact]
    public void Load_FileCutLongerOrFlippedAnywhere_IsRefused()
    {
        Save(1, [1, 2, 3], [], [4, 5]);
        foreach (string path in new[] { PathOf(1, "data"), PathOf(1, "manifest") })
        {
            byte[] bytes = File.ReadAllBytes(path);
            for (int length = 0; length < bytes.Length; length++)
            {
                File.WriteAllBytes(path, bytes[..length]);
                Refused(1);
            }

            for (int bit = 0; bit < bytes.Length * 8; bit += path.EndsWith("data", StringComparison.Ordinal) ? 1 : 7)
            {
                File.WriteAllBytes(path, Mutations.Flip(bytes, bit));
                Refused(1);
            }

            File.WriteAllBytes(path, [.. bytes, 0]);
            Refused(1);
            File.WriteAllBytes(path, bytes);
        }

        Assert.Equal([[1, 2, 3], [], [4, 5]], Load(1));
    }

    [Fact]
    public void Load_TenThousandFlipsInLargerData_AreAllRefused()
    {
        Random random = RandomSource.New(_output);
        byte[] part = Mutations.Noise(random, 100_001);
        Save(1, part);
        CheckpointManifest manifest = _store.ManifestOf(1);
        using FileStream file = File.Open(PathOf(1, "data"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        int refused = 0;
        for (int i = 0; i < 10_000; i++)
        {
            int at = random.Next(part.Length);
            Put(file, at, (byte)(part[at] ^ (1 << random.Next(8))));
            try
            {
                new CheckpointData(manifest, PathOf(1, "data")).Dispose();
            }
            catch (InvalidDataException)
            {
                refused++;
            }

            Put(file, at, part[at]);
        }

        Assert.Equal(10_000, refused);
        Assert.Equal([part], Load(1));
    }

    [Theory]
    [InlineData("data")]
    [InlineData("manifest")]
    public void Load_FileMissing_IsRefused(string name)
    {
        Save(1, [1]);
        File.Delete(PathOf(1, name));
        Assert.Contains("is missing", Refused(1), StringComparison.Ordinal);
        Directory.Delete(_directory.File("checkpoint-000000001"), recursive: true);
        Assert.Contains("is missing", Refused(1), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ManifestOfAnotherOrTooLarge_IsRefused()
    {
        Save(1, [1]);
        Directory.CreateDirectory(_directory.File("checkpoint-000000002"));
        File.Copy(PathOf(1, "data"), PathOf(2, "data"));
        File.Copy(PathOf(1, "manifest"), PathOf(2, "manifest"));
        Assert.Contains("is of checkpoint 1; 2 is expected", Refused(2), StringComparison.Ordinal);
        using (FileStream file = File.Open(PathOf(2, "manifest"), FileMode.Open))
        {
            file.SetLength(1L << 33);   // with holes
        }

        Assert.Contains("at most 67108864 are expected", Refused(2), StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_NamesOfOthersAndTimes_DoNotMatter()
    {
        Save(9, [9]);
        Save(10, [10]);
        Save(11, [11]);
        foreach (string name in new[] { "checkpoint-xyz", "checkpoint-1", "checkpoint-", "checkpoint-+00000012",
            "checkpoint- 00000012", "checkpoint-000000012x", "checkpoint-99999999999", "damaged-000000013",
            ".checkpoint-000000014.writing" })
        {
            Directory.CreateDirectory(_directory.File(name));
        }

        File.WriteAllText(_directory.File("checkpoint-000000015"), "a file");
        Directory.SetLastWriteTimeUtc(_directory.File("checkpoint-000000009"), new DateTime(2100, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Directory.SetLastWriteTimeUtc(_directory.File("checkpoint-000000011"), new DateTime(1980, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal([11, 10, 9], _store.Numbers);
    }

    [Fact]
    public void Save_LeftByACrash_IsRemoved()
    {
        foreach (string name in new[] { ".checkpoint-000000001.writing", ".checkpoint-000000007.writing",
            ".checkpoint-000000003.removing", ".checkpoint-000000003.replaced" })
        {
            Directory.CreateDirectory(_directory.File(name));
            File.WriteAllText(_directory.File(name + "/data"), "left");
        }

        Directory.CreateDirectory(_directory.File(".somebody.writing"));
        Save(1, [1]);
        Assert.Equal([".somebody.writing", "checkpoint-000000001"],
            Directory.GetFileSystemEntries(_directory.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal([[1]], Load(1));
    }

    [Fact]
    public void Save_NumberThatIsThere_IsReplacedWhole()
    {
        Save(1, [1], [2]);
        Save(1, [3]);
        Assert.Equal([[3]], Load(1));
    }

    [Fact]
    public void Remove_AlsoAfterACrashInIt_LeavesNothing()
    {
        Save(1, [1]);
        Save(2, [2]);
        Directory.CreateDirectory(_directory.File(".checkpoint-000000001.removing"));
        _store.Remove(1);
        Assert.Equal([_directory.File("checkpoint-000000002")], Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void PutAside_SeveralTimes_KeepsAll()
    {
        for (byte i = 1; i <= 3; i++)
        {
            Save(5, [i]);
            _store.Quarantine(5);
        }

        Assert.Empty(_store.Numbers);
        Assert.Equal(["damaged-000000005", "damaged-000000005-2", "damaged-000000005-3"],
            Directory.GetDirectories(_directory.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    private static void Put(FileStream file, int at, byte value) => RandomAccess.Write(file.SafeFileHandle, [value], at);
}
