using System.Globalization;
using System.Runtime.Intrinsics;
using Xunit.Abstractions;

namespace FastStream.Tests.Core.Memory;

/// <summary>
/// The owner of a key is the same everywhere: these values are in checkpoints, and a change of one needs another
/// <see cref="KeySalt.HashVersion"/>.
/// </summary>
public sealed class PartitionHashTests(ITestOutputHelper output)
{
    private static readonly KeySalt Salt = KeySalt.Of(new StreamingOptions { KeySalt = "the salt of these tests" });

    private readonly record struct Order(long Number, string? Customer, Half Weight);

    private enum Color : byte
    {
        Red = 3,
    }

    [Fact]
    public void Hashes_AreTheSameInEveryProcess()
    {
        Assert.Equal("00000000000000000000000000000000", new KeySalt(new byte[16]).ToString());
        (string Key, uint Hash)[] found =
        [
            ("1L", Of(1L)), ("ulong", Of(ulong.MaxValue)), ("-1", Of(-1)), ("uint", Of(7u)), ("byte", Of((byte)9)),
            ("short", Of((short)-9)), ("char", Of('c')), ("true", Of(true)),
            ("double", Of(1.5)), ("-0.0", Of(-0.0)), ("float", Of(1.5f)), ("decimal", Of(1.50m)),
            ("guid", Of(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11))),
            ("time", Of(new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc))), ("date", Of(new DateOnly(2001, 2, 3))),
            ("enum", Of(Color.Red)), ("nullable", Of((int?)5)),
            ("pair", Of((1L, 2))), ("triple", Of((1L, "two", 3.0))), ("order", Of(new Order(12, "Ann", (Half)2.5))),
            ("order of nobody", Of(new Order(12, null, (Half)2.5))),
            ("no string", Of((string?)null)), ("empty string", Of("")), ("string", Of("grüße")),
            ("16 bytes", Of("eight ch")), ("long string", Of(new string('x', 1000))),
            ("empty text", Of(Utf8Text.Empty)), ("text", Of(Utf8Text.Intern("grüße"))),
            ("long text", Of(Utf8Text.Intern(new string('x', 1000)))),
        ];
        string all = string.Join("\n", found.Select(each => string.Create(CultureInfo.InvariantCulture, $"{each.Key} {each.Hash:x8}")));
        output.WriteLine(all);
        Assert.Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Memory", "PartitionHashes.txt"))
            .ReplaceLineEndings("\n").Trim(), all);
    }

    [Fact]
    public void Hash_ByInstructions_IsThatByArithmetic()
    {
        var random = new Random(1);
        byte[] bytes = new byte[16];
        for (int i = 0; i < 10_000; i++)
        {
            random.NextBytes(bytes);
            var salt = new KeySalt(bytes);
            random.NextBytes(bytes);
            var words = Vector128.Create(bytes);
            Assert.Equal(salt.FoldWithoutInstructions(words), salt.Fold(words));
        }
    }

    [Fact]
    public void Salts_OfEqualText_AreEqual_AndOthersAreNot()
    {
        Assert.Equal(Salt, KeySalt.Of(new StreamingOptions { KeySalt = "the salt of these tests" }));
        Assert.Equal(Salt, KeySalt.Parse(Salt.ToString()));
        Assert.NotEqual(Salt, KeySalt.Of(new StreamingOptions { KeySalt = "another" }));
        Assert.Equal(KeySalt.Of(new StreamingOptions()), KeySalt.Of(new StreamingOptions()));   // the process's
        Assert.NotEqual(Salt, KeySalt.Of(new StreamingOptions()));
        Assert.NotEqual(Of(1L), PartitionHash.Of(1L, KeySalt.Of(new StreamingOptions { KeySalt = "another" })));
        Assert.Throws<FormatException>(() => KeySalt.Parse("abc0"));
    }

    [Theory]
    [InlineData(typeof(long), true)]
    [InlineData(typeof(string), true)]
    [InlineData(typeof(Utf8Text), true)]
    [InlineData(typeof((long, string)), true)]
    [InlineData(typeof(Order), true)]
    [InlineData(typeof(Uri), false)]
    [InlineData(typeof((int, Version)), false)]
    public void IsStable_WhereEqualFieldsMakeEqualKeys(Type key, bool expected) =>
        Assert.Equal(expected, typeof(PartitionHash).GetMethod(nameof(PartitionHash.IsStable))!.MakeGenericMethod(key).Invoke(null, null));

    [Fact]
    public void Groups_EachHasOneOwner_WhichItsHashesName()
    {
        for (int partitions = 1; partitions <= KeyGroups.Count; partitions += partitions < 70 ? 1 : 53)
        {
            int next = 0;
            for (int partition = 0; partition < partitions; partition++)
            {
                KeyGroups owned = KeyGroups.Of(partition, partitions);
                Assert.Equal(next, owned.First);
                Assert.InRange(owned.Length, KeyGroups.Count / partitions, (KeyGroups.Count / partitions) + 1);
                Assert.Equal(partition, owned.OwnerAmong(partitions));
                next += owned.Length;
                for (int group = owned.First; group < next; group++)
                {
                    Assert.Equal(partition, KeyGroups.PartitionOf((uint)group << 22, partitions));
                    Assert.Equal(partition, KeyGroups.PartitionOf(((uint)group << 22) | 0x3FFFFF, partitions));
                }
            }

            Assert.Equal(KeyGroups.Count, next);
        }

        Assert.Equal(0, KeyGroups.Of(1, 4).OwnerAmong(2));
        Assert.Equal(0, KeyGroups.Of(3, 4).OwnerAmong(1));
        Assert.Null(KeyGroups.Of(1, 4).OwnerAmong(3));
    }

    [Fact]
    public void Numbers_FillGroupsEvenly()
    {
        int[] groups = new int[KeyGroups.Count];
        for (long key = 0; key < 256 * 1024; key++)
        {
            groups[KeyGroups.PartitionOf(Of(key), KeyGroups.Count)]++;
        }

        Assert.All(groups, count => Assert.InRange(count, 128, 384));   // 256 and eight standard deviations
    }

    private static uint Of<TKey>(TKey key) => PartitionHash.Of(in key, in Salt);
}
