using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;
using Xunit.Abstractions;

namespace FastStream.Tests.Core.Serialization;

/// <summary>
/// Structs by their fields: the same records again, the same bytes for equal ones, and nothing of the memory around
/// them.
/// </summary>
public sealed unsafe class RawSerializerTests(ITestOutputHelper output)
{
    private enum Side : byte
    {
        Buy = 1,
        Sell = 200,
    }

    private readonly record struct Gaps(byte First, long Second, bool Third, decimal Fourth, char Fifth);

    private readonly record struct Trade(Utf8Text Symbol, Side Side, decimal Price, DateTimeOffset At,
        Optional<Utf8Text> Note, (int, (byte, Utf8Text?)) More);

    private record struct Deep(Gaps Gaps, Gaps? Other, KeyValuePair<byte, (short, Guid)> Pair);

    private struct Fixed
    {
        public byte Before;
        public fixed short Numbers[5];
        public byte After;
    }

    [InlineArray(3)]
    private struct Three
    {
        public short First;
    }

    [StructLayout(LayoutKind.Explicit)]
    private struct Overlaid
    {
        [FieldOffset(0)]
        public int Number;

        [FieldOffset(1)]
        public byte Byte;
    }

    [SuppressMessage("Performance", "CA1823", Justification = "Its type is what counts.")]
    private readonly struct Address(int* to)
    {
        public readonly int* To = to;
    }

    private readonly record struct First(int A, short B);

    private readonly record struct Second(short A, int B);

    private static byte[] Write<T>(T record, RawSerializer<T>? serializer = null)
    {
        var writer = new ArrayBufferWriter<byte>();
        (serializer ?? new RawSerializer<T>()).Write(in record, writer);
        return writer.WrittenSpan.ToArray();
    }

    // The bytes as a state gives them: pinned, and after others.
    private static void CheckRoundTrip<T>(T record)
    {
        var serializer = new RawSerializer<T>();
        byte[] written = Write(record, serializer);
        byte[] memory = GC.AllocateArray<byte>(written.Length + 3, pinned: true);
        written.CopyTo(memory, 1);
        ReadOnlySpan<byte> bytes = memory.AsSpan(1);
        T read = serializer.Read(ref bytes);
        Assert.Equal(2, bytes.Length);
        Assert.Equal(record, read);
        Assert.Equal(written, Write(read, serializer));
        for (int length = 0; length < written.Length; length += 1 + (length / 20))
        {
            Assert.Throws<InvalidDataException>(() =>
            {
                ReadOnlySpan<byte> cut = written.AsSpan(0, length);
                serializer.Read(ref cut);
            });
        }
    }

    private static string SchemaOf<T>() => new RawSerializer<T>().Schema;

    private static Utf8Text Text(int length) => Utf8Text.Intern(new string('x', length) + "é");

    [Fact]
    public void Read_WhatWasWritten_IsTheSame()
    {
        CheckRoundTrip(7);
        CheckRoundTrip(Side.Sell);
        CheckRoundTrip(-1.5m);
        CheckRoundTrip(double.NaN);
        CheckRoundTrip(Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e"));
        CheckRoundTrip(new DateTime(2026, 11, 25, 1, 2, 3, DateTimeKind.Local));
        CheckRoundTrip(new DateTimeOffset(2026, 11, 25, 1, 2, 3, TimeSpan.FromMinutes(-330)));
        CheckRoundTrip(DateTimeOffset.MaxValue);
        CheckRoundTrip<DateTimeOffset?>(null);
        CheckRoundTrip((TimeSpan.MinValue, DateOnly.MaxValue, TimeOnly.MaxValue, Half.Epsilon, Int128.MinValue, new Complex(1, 2)));
        CheckRoundTrip(Text(0));
        CheckRoundTrip(default(Utf8Text));
        CheckRoundTrip(Text(100_000));
        CheckRoundTrip<Utf8Text?>(Text(40));
        CheckRoundTrip<int?>(null);
        CheckRoundTrip<(int?, long?)>((null, 3));
        CheckRoundTrip(new Optional<(Utf8Text, Utf8Text)>((Text(3), Text(40))));
        CheckRoundTrip((1, (2, (Text(20), 3)), 4, 5, 6, 7, 8, 9, Text(14), (byte)10));
        CheckRoundTrip(new Gaps(1, long.MinValue, true, 1.10m, '\ud800'));
        CheckRoundTrip(
            new Deep(new Gaps(1, 2, false, 3, 'x'), new Gaps(255, -1, true, decimal.MaxValue, 'y'), new(7, (8, Guid.NewGuid()))));
        CheckRoundTrip(new Deep(default, null, default));
        CheckRoundTrip(new Trade(Text(30), Side.Buy, 1.25m, DateTimeOffset.UnixEpoch, Text(16), (1, (2, Text(17)))));
        CheckRoundTrip(new Trade(default, default, default, default, default, (1, (2, null))));
        CheckRoundTrip(Vector128.Create(1, 2, 3, 4));
        CheckRoundTrip(new Vector<byte>(7));
        CheckRoundTrip((1, default(ValueTuple), ValueTuple.Create(Text(20))));
    }

    [Fact]
    public void Read_RandomRecords_AreTheSame()
    {
        Random random = RandomSource.New(output);
        byte[] number = new byte[16];
        for (int i = 0; i < 300; i++)
        {
            random.NextBytes(number);
            Utf8Text text = Text(random.Next(40));
            CheckRoundTrip(new Trade(
                text, (Side)random.Next(256),
                new decimal(random.Next(), random.Next(), random.Next(), random.Next(2) == 0, (byte)random.Next(29)),
                new DateTimeOffset(random.NextInt64(DateTime.MaxValue.Ticks / 2) + DateTime.MaxValue.Ticks / 4,
                    TimeSpan.FromMinutes(random.Next(-840, 841))),
                random.Next(2) == 0
                    ? default(Optional<Utf8Text>) : text, (random.Next(), ((byte)random.Next(), random.Next(2) == 0 ? null : text))));
            CheckRoundTrip(
                (new Guid(number), BitConverter.ToDouble(number), (random.Next(2) == 0, (char)random.Next(65536)), random.NextInt64()));
        }
    }

    [Fact]
    public void Read_FieldsThatStandForMore_AreWhole()
    {
        Fixed record = new() { Before = 1, After = 9 };
        for (short i = 0; i < 5; i++)
        {
            record.Numbers[i] = (short)(1000 + i);
        }

        ReadOnlySpan<byte> bytes = Write(record);
        Fixed read = new RawSerializer<Fixed>().Read(ref bytes);
        Assert.Equal((1, 1000, 1004, 9), (read.Before, read.Numbers[0], read.Numbers[4], read.After));

        Three three = default;
        three[2] = 7;
        bytes = Write((1, three));
        Assert.Equal(7, new RawSerializer<(int, Three)>().Read(ref bytes).Item2[2]);

        bytes = Write(new Overlaid { Number = 0x01020304 });
        Assert.Equal(0x01020304, new RawSerializer<Overlaid>().Read(ref bytes).Number);
    }

    [Fact]
    public void Write_EqualRecordsInOtherMemory_GivesEqualBytes()
    {
        var gaps = new Gaps(1, 2, true, 3, 'x');
        Assert.Equal(Write(gaps), Write(Dirty(gaps)));
        Assert.Equal(1 + 8 + 1 + 16 + 2, Write(gaps).Length);

        byte[] here = GC.AllocateArray<byte>(64, pinned: true);
        byte[] there = GC.AllocateArray<byte>(64, pinned: true);
        here.AsSpan().Fill((byte)'t');
        there.AsSpan().Fill((byte)'t');
        byte[] written = Write((1, Utf8Text.OverPinned(here.AsSpan(0, 40))));
        Assert.Equal(written, Write((1, Utf8Text.OverPinned(there.AsSpan(5, 40)))));
        Assert.Equal([1, 0, 0, 0, 40, 0, 0, 0, .. Encoding.UTF8.GetBytes(new string('t', 40))], written);   // no address
    }

    [Fact]
    public void Write_KnownRecords_GivesTheBytesOfEveryVersion()
    {
        Assert.Equal([1, 5, 0, 0, 0], Write(new Optional<int>(5)));
        Assert.Equal([1, 5, 0, 0, 0], Write<int?>(5));
        Assert.Equal([2, 7, 0, 3, 0, 0, 0], Write((byte)2, (short)7, 3));
        Assert.Equal([9, 1, 0, 0, 0], Write(new KeyValuePair<byte, int>(9, 1)));
        Assert.Equal([0, 0x40, 0xE4, 0x47, 0x02, 0x22, 0xC1, 0x08, 0xB6, 0xFE],
            Write(new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero).ToOffset(TimeSpan.FromMinutes(-330))));
        Assert.Equal([1, 0, 0, 0, 2, 0, 0, 0, 97, 98], Write((1, Utf8Text.Intern("ab"))));
    }

    [Fact]
    public void Schema_KnownTypes_IsTheOneOfEveryVersion()
    {
        Assert.Equal("raw System.Int64", SchemaOf<long>());
        Assert.Equal("raw text", SchemaOf<Utf8Text>());
        Assert.Equal("raw ValueTuple`2{System.Int32 text}", SchemaOf<(int, Utf8Text)>());
        Assert.Equal("raw Nullable`1{System.Boolean System.DateTimeOffset:16}", SchemaOf<DateTimeOffset?>());
        Assert.Equal("raw Optional`1{System.Boolean System.Decimal:16}", SchemaOf<Optional<decimal>>());
        Assert.Equal("raw KeyValuePair`2{System.Byte System.Guid:16}", SchemaOf<KeyValuePair<byte, Guid>>());
        Assert.Equal("raw FastStream.Tests.Core.Serialization.RawSerializerTests+Side:System.Byte"
            + " enum FastStream.Tests.Core.Serialization.RawSerializerTests+Side(Buy=1 Sell=200)", SchemaOf<Side>());
        Assert.Equal("raw FastStream.Tests.Core.Serialization.RawSerializerTests+First{A:System.Int32 B:System.Int16}", SchemaOf<First>());
        Assert.NotEqual(SchemaOf<First>(), SchemaOf<Second>());
    }

    [Fact]
    public void Schema_AnyType_NamesNoVersion()
    {
        foreach (string schema in new[] { SchemaOf<Trade>(), SchemaOf<Deep>(), SchemaOf<(Three, Overlaid)>(),
            new JsonRecordSerializer<(int, string)[]>().Schema, new JsonRecordSerializer<Dictionary<string, (int, long?)[]>>().Schema })
        {
            Assert.DoesNotContain("Version=", schema, StringComparison.Ordinal);
            Assert.DoesNotContain("<", schema, StringComparison.Ordinal);
        }
    }

    [StructLayout(LayoutKind.Explicit)]
    private struct LaidOut
    {
        [FieldOffset(0)]
        public long Number;

        [FieldOffset(8)]
        public nint Window;
    }

    [InlineArray(3)]
    private struct Several
    {
        public System.Runtime.InteropServices.GCHandle<string> First;
    }

    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct Padded
    {
        public int* Where;
    }

    private readonly struct Calling(delegate*<int, int> function)
    {
        public readonly delegate*<int, int> Function = function;
    }

    [Fact]
    public void New_Pointer_IsRefused() =>
        Assert.Contains("holds a pointer",
            Assert.Throws<NotSupportedException>(() => new RawSerializer<Address>()).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(typeof(nint))]
    [InlineData(typeof((int, nuint)))]
    [InlineData(typeof(System.Runtime.InteropServices.GCHandle<string>))]
    [InlineData(typeof(System.Runtime.InteropServices.WeakGCHandle<string>?))]
    [InlineData(typeof(System.Runtime.InteropServices.PinnedGCHandle<string>))]
    [InlineData(typeof(System.Runtime.DependentHandle))]
    [InlineData(typeof(System.Runtime.InteropServices.CLong))]
    [InlineData(typeof(NativeOverlapped))]
    [InlineData(typeof(KeyValuePair<long, Optional<nint>>))]
    [InlineData(typeof((int, LaidOut)))]
    [InlineData(typeof(Several))]
    [InlineData(typeof(Padded))]
    [InlineData(typeof(Calling))]
    public void New_PlaceInMemory_IsRefused(Type type)
    {
        var error = Assert.Throws<System.Reflection.TargetInvocationException>(
            () => Activator.CreateInstance(typeof(RawSerializer<>).MakeGenericType(type)));
        Assert.Contains("means nothing when the program starts again",
            Assert.IsType<NotSupportedException>(error.InnerException).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void New_HandleOfTheProcess_IsRefused() => Assert.Contains(
        "holds a System.Runtime.InteropServices.GCHandle",
        Assert.Throws<NotSupportedException>(() => new RawSerializer<(int, System.Runtime.InteropServices.GCHandle)>()).Message,
        StringComparison.Ordinal);

    private static byte[] Write(byte first, short second, int third) => Write((first, second, third));

    // The same fields over memory that was full of other things.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Gaps Dirty(Gaps gaps)
    {
        var dirty = default(Gaps);
        MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref dirty, 1)).Fill(0xCC);
        FirstOf(ref dirty) = gaps.First;
        SecondOf(ref dirty) = gaps.Second;
        ThirdOf(ref dirty) = gaps.Third;
        FourthOf(ref dirty) = gaps.Fourth;
        FifthOf(ref dirty) = gaps.Fifth;
        return dirty;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<First>k__BackingField")]
    private static extern ref byte FirstOf(ref Gaps gaps);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<Second>k__BackingField")]
    private static extern ref long SecondOf(ref Gaps gaps);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<Third>k__BackingField")]
    private static extern ref bool ThirdOf(ref Gaps gaps);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<Fourth>k__BackingField")]
    private static extern ref decimal FourthOf(ref Gaps gaps);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<Fifth>k__BackingField")]
    private static extern ref char FifthOf(ref Gaps gaps);
}
