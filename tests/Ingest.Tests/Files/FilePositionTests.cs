using System.Buffers;

namespace FastStream.Tests;

/// <summary>What file sources write down, read again: whole, in part, damaged, of another version, after a start of the machine.</summary>
public sealed class FilePositionTests : FileSourceTest
{
    [Fact]
    public void Read_WhatWasWritten_IsTheSame()
    {
        FilePosition position = Position();
        FilePosition read = FilePosition.Read(Write(position), "File [0]");
        Assert.Equal(position.Selector with { Known = [] }, read.Selector with { Known = [] });
        Assert.Equal(position.Selector.Known, read.Selector.Known);
        Assert.Equal(position.Waiting, read.Waiting);
        Assert.Equal(position.Found, read.Found);
        Assert.Equal(position.Begun, read.Begun);
    }

    [Fact]
    public void Read_CutAnywhere_SaysSo()
    {
        byte[] saved = Write(Position());
        for (int length = 1; length < saved.Length; length++)
        {
            Assert.Contains("of File [0] cannot be read",
                Assert.Throws<InvalidDataException>(() => FilePosition.Read(saved.AsSpan(0, length), "File [0]")).Message);
        }

        Assert.Contains("1 bytes are left",
            Assert.Throws<InvalidDataException>(() => FilePosition.Read([.. saved, 0], "File [0]")).Message);
    }

    [Fact]
    public void Read_CountsThatCannotBe_AreRefusedBeforeAnythingIsMade()
    {
        byte[] saved = Write(new FilePosition(new SelectorPosition(FileDetection.Arrival, 1, 2, []), [], [], null));
        saved.AsSpan(18, 4).Fill(0x7F);   // the number of known files
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("a count is 2139062143, and 9 bytes are left",
            Assert.Throws<InvalidDataException>(() => FilePosition.Read(saved, "File [0]")).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData(0, "of version 0")]
    [InlineData(1, "of version 1")]
    [InlineData(-1, "is empty")]
    public void Read_AnotherVersion_IsRefused(int version, string expected)
    {
        byte[] saved = version < 0 ? [] : [(byte)version, .. Write(Position()).AsSpan(1)];
        string message = Assert.Throws<InvalidDataException>(() => FilePosition.Read(saved, "File [0]")).Message;
        Assert.Contains($"the position of File [0] {(version < 0 ? "" : "is ")}{expected}; this program reads version 2", message);
        Assert.Contains("Start the program that wrote it", message);
    }

    [Fact]
    public void Read_AnyByteChanged_IsReadOrRefusedInWords()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        byte[] saved = Write(Position());
        for (int i = 0; i < 20_000; i++)
        {
            byte[] changed = [.. saved];
            changed[random.Next(1, changed.Length)] = (byte)random.Next(256);
            Exception? error = Record.Exception(() => FilePosition.Read(changed, "File [0]"));
            Assert.True(error is null or InvalidDataException, $"Seed {seed}: {error}");
        }
    }

    [Fact]
    public void ReadPlan_CutOrOutOfTheFile_IsRefused()
    {
        var output = new ArrayBufferWriter<byte>();
        using var file = new OpenFile(FileStatus.Of(Put("a", "12345678", Start))!.Value, FileReadMode.Read);
        PlannedRange.Write([new FileRange(file, 2, 8)], output);
        byte[] saved = output.WrittenSpan.ToArray();
        Assert.Equal([new PlannedRange(file.Listed, 2, 8)], PlannedRange.Read(saved, "batch"));
        for (int length = 0; length < saved.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => PlannedRange.Read(saved.AsSpan(0, length), "batch"));
        }

        saved[^8] = 9;   // the range's end
        Assert.Contains("bytes 2 to 9 of", Assert.Throws<InvalidDataException>(() => PlannedRange.Read(saved, "batch")).Message);
        saved[^8] = 1;
        Assert.Contains("bytes 2 to 1 of", Assert.Throws<InvalidDataException>(() => PlannedRange.Read(saved, "batch")).Message);
    }

    [Fact]
    public void Read_DevicesHaveOtherNumbers_FilesAreKnownStill()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        FileStatus[] files = [.. Enumerable.Range(0, 4).Select(i => FileStatus.Of(Put($"{i}", $"{i}\n", Start + i))!.Value)];
        FileStatus[] before = [.. files.Select(file => file with { Identity = file.Identity with { Device = 4711 } })];
        before[0] = before[0] with { Path = PathOf("renamed since") };
        var saved = new FilePosition(new SelectorPosition(FileDetection.Arrival, 1, 2, [Known(before[0]), Known(before[1])]), [before[2]],
            [before[3]], new BegunFile(before[0], 1));
        FilePosition read = FilePosition.Read(Write(saved), "File [0]");
        FileStatus renamed = before[0] with { Identity = files[0].Identity };
        Assert.Equal([Known(renamed), Known(files[1])], read.Selector.Known);
        Assert.Equal([files[2]], read.Waiting);
        Assert.Equal([files[3]], read.Found);
        Assert.Equal(new BegunFile(renamed, 1), read.Begun);
    }

    private static KnownFile Known(FileStatus file) => new(file, new BatchTime(3), new BatchTime(4), IsTaken: true);

    private static FilePosition Position()
    {
        FileStatus[] files = [.. Enumerable.Range(1, 5)
            .Select(i => new FileStatus($"/nowhere/ä{i}", new FileIdentity(7, (ulong)i, null), i * 10, i * 100, i * 1000))];
        FileStatus byPath = new("/nowhere/path", new FileIdentity(0, 0, "/nowhere/path"), 1, 2, 3);
        KnownFile[] known = [Known(files[0]),
            new(files[1], new BatchTime(5), new BatchTime(6), IsTaken: false, IsUnselected: true),
            new(files[2], new BatchTime(5), new BatchTime(6), IsTaken: false, IsPassed: true), Known(byPath)];
        return new FilePosition(new SelectorPosition(FileDetection.ModificationTime, 12, -34, known), [files[2]],
            [files[3], byPath], new BegunFile(files[4], 17));
    }

    private static byte[] Write(FilePosition position)
    {
        var output = new ArrayBufferWriter<byte>();
        position.Write(output);
        return output.WrittenSpan.ToArray();
    }
}
