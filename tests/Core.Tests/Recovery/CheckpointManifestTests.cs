using System.Buffers;
using System.Text;
using Xunit.Abstractions;

namespace FastStream.Tests.Core.Checkpointing;

/// <summary>Manifests: as they were written, or refused.</summary>
public sealed class CheckpointManifestTests(ITestOutputHelper output)
{
    private const string Valid =
        """{"format":1,"number":1,"zeroTimeMs":-1000,"batchIntervalMs":1000,"timeMs":2000,"logSegment":3"""
        + ""","dataLength":7,"dataCrc32C":4,"parts":[{"kind":"state","name":"s","schema":"x","offset":0,"length":5},"""
        + """{"kind":"input","name":"i","schema":"","offset":5,"length":2}]}""";

    private static byte[] Bytes(CheckpointManifest manifest)
    {
        var writer = new ArrayBufferWriter<byte>();
        manifest.Write(writer);
        return writer.WrittenSpan.ToArray();
    }

    private static CheckpointManifest ReadJson(string json)
    {
        var writer = new ArrayBufferWriter<byte>();
        Frame.Write(writer, Encoding.UTF8.GetBytes(json));
        return CheckpointManifest.Read(writer.WrittenSpan.ToArray());
    }

    [Fact]
    public void Read_WhatWasWritten_IsTheSame()
    {
        CheckpointPart[] parts = [new("state", "a \"quoted\" ü\n", "raw System.Int32", 0, 7, new KeyGroups(0, 1024)),
            new("input", "", "", 7, 0), new("state", "b", "x", 7, int.MaxValue, new KeyGroups(1024, 0))];
        var manifest =
            new CheckpointManifest(42, new BatchTime(-5), TimeSpan.FromMilliseconds(15), new BatchTime(long.MaxValue),
                7, new LogEnd(8, 1L << 40), 7L + int.MaxValue, uint.MaxValue, parts)
        {
            Salt = KeySalt.Of(new StreamingOptions { KeySalt = "salt" }),
        };
        CheckpointManifest read = CheckpointManifest.Read(Bytes(manifest));
        Assert.Equal(parts, read.Parts);
        Assert.Equal(manifest, read with { Parts = manifest.Parts });
    }

    [Fact]
    public void Read_FormatOne_HasNoSalt()
    {
        CheckpointManifest read = ReadJson(Valid);
        Assert.Null(read.Salt);
        Assert.All(read.Parts, part => Assert.Null(part.Groups));
    }

    [Fact]
    public void Read_SaltOfAnotherHash_IsLeftOut() =>
        Assert.Null(ReadJson(
            Valid.Replace("\"number\":1", "\"number\":1,\"keyHash\":2,\"keySalt\":\"of tomorrow\"", StringComparison.Ordinal)).Salt);

    [Fact]
    public void Read_CutLongerOrFlippedAnywhere_IsRefused()
    {
        byte[] bytes = Bytes(ReadJson(Valid));
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => CheckpointManifest.Read(bytes[..length]));
        }

        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            Assert.Throws<InvalidDataException>(() => CheckpointManifest.Read(Mutations.Flip(bytes, bit)));
        }

        Assert.Throws<InvalidDataException>(() => CheckpointManifest.Read([.. bytes, 0]));
    }

    [Theory]
    [InlineData("\"format\":1", "\"format\":0")]
    [InlineData("\"format\":1", "\"format\":3")]
    [InlineData("\"number\":1", "\"number\":1,\"keyHash\":1,\"keySalt\":\"abc0\"")]
    [InlineData("\"number\":1", "\"number\":1,\"keySalt\":\"000102030405060708090a0b0c0d0e0f\"")]
    [InlineData("\"offset\":0", "\"offset\":0,\"firstGroup\":-1,\"groups\":2")]
    [InlineData("\"offset\":0", "\"offset\":0,\"firstGroup\":1023,\"groups\":2")]
    [InlineData("\"offset\":0", "\"offset\":0,\"firstGroup\":0")]
    [InlineData("\"offset\":5", "\"offset\":4")]                                          // overlaps
    [InlineData("\"offset\":5", "\"offset\":6")]                                          // leaves a gap
    [InlineData("\"offset\":5", "\"offset\":-5")]
    [InlineData("\"offset\":5", "\"offset\":9223372036854775807")]                        // wraps around
    [InlineData("\"length\":2", "\"length\":3")]                                          // ends outside
    [InlineData("\"length\":2", "\"length\":1")]
    [InlineData("\"length\":2", "\"length\":-2")]
    [InlineData("\"length\":2", "\"length\":9223372036854775807")]
    [InlineData("\"dataLength\":7", "\"dataLength\":-7")]
    [InlineData("\"number\":1", "\"number\":-1")]
    [InlineData("\"number\":1", "\"number\":1e99")]
    [InlineData("\"logSegment\":3", "\"logSegment\":-3")]
    [InlineData("\"batchIntervalMs\":1000", "\"batchIntervalMs\":0")]
    [InlineData("\"batchIntervalMs\":1000", "\"batchIntervalMs\":9223372036854775807")]
    [InlineData("\"dataCrc32C\":4", "\"dataCrc32C\":4294967296")]
    [InlineData("\"kind\":\"state\"", "\"kind\":null")]
    [InlineData("\"name\":\"i\"", "\"name\":7")]
    [InlineData("\"name\":\"i\"", "\"name\":\"\\ud800\"")]
    [InlineData("\"schema\":\"x\",", "")]
    [InlineData("\"parts\":[", "\"parts\":[[],")]
    [InlineData("}]}", "}]")]
    [InlineData("{\"format\"", "[{\"format\"")]
    public void Read_OtherContent_IsRefused(string part, string other)
    {
        Assert.Equal(2, ReadJson(Valid).Parts.Count);
        Assert.Throws<InvalidDataException>(() => ReadJson(Valid.Replace(part, other, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    public void Read_OtherJson_IsRefused(string json) => Assert.Throws<InvalidDataException>(() => ReadJson(json));

    [Fact]
    public void Read_ChangedOrRandomBytes_GiveManifestsOrAreRefused()
    {
        Random random = RandomSource.New(output);
        byte[] json = Encoding.UTF8.GetBytes(Valid);
        byte[] bytes = Bytes(ReadJson(Valid));
        Mutations.CheckReader(random, 2000, () => bytes, changed => CheckpointManifest.Read(changed));
        Mutations.CheckReader(random, 5000, () => json, changed =>
        {
            // With a sum that fits: whoever wrote it was wrong.
            var writer = new ArrayBufferWriter<byte>();
            Frame.Write(writer, changed);
            CheckpointManifest.Read(writer.WrittenSpan.ToArray());
        });
    }
}
