using System.Globalization;
using System.Text;
using Xunit.Abstractions;

namespace FastStream.Tests.Core.Text;

/// <summary>Texts against byte arrays and strings.</summary>
public sealed class Utf8TextTests(ITestOutputHelper output)
{
    private const int Rounds = 3000;

    [Fact]
    public void EqualityHashAndOrder_AgainstBytes()
    {
        Random random = RandomSource.New(output);
        for (int i = 0; i < Rounds; i++)
        {
            using var twin = new TextTwin();
            byte[] left = TextTwin.Bytes(random, "ab");
            byte[] right = random.Next(3) == 0 ? (byte[])left.Clone() : TextTwin.Bytes(random, "ab");
            Utf8Text a = twin.Text(random, left);
            Utf8Text b = twin.Text(random, right);
            bool equal = left.AsSpan().SequenceEqual(right);
            int order = Math.Sign(left.AsSpan().SequenceCompareTo(right));
            Assert.Equal(equal, a.Equals(b));
            Assert.Equal(equal, a == b);
            Assert.Equal(!equal, a != b);
            Assert.Equal(equal, a.Equals((object)b));
            Assert.Equal(equal, a.Equals(right.AsSpan()));
            Assert.Equal(order, Math.Sign(a.CompareTo(b)));
            Assert.Equal(order < 0, a < b);
            Assert.Equal(order >= 0, a >= b);
            Assert.True(!equal || a.GetHashCode() == b.GetHashCode(), $"Equal texts of {left.Length} bytes have different hashes.");
            Assert.Equal(left.Length, a.Length);
            Assert.Equal(left.Length <= Utf8Text.InlineBytes, a.IsInline);
            Assert.Equal(left, a.ToArray());
        }
    }

    [Fact]
    public void Slice_AgainstBytes()
    {
        Random random = RandomSource.New(output);
        for (int i = 0; i < Rounds; i++)
        {
            using var twin = new TextTwin();
            byte[] bytes = TextTwin.Bytes(random, "abcdefgh");
            Utf8Text text = twin.Text(random, bytes);
            int start = random.Next(bytes.Length + 1);
            int length = random.Next(bytes.Length - start + 1);
            Utf8Text part = text.Slice(start, length);
            Assert.Equal(bytes.AsSpan(start, length).ToArray(), part.ToArray());
            Assert.Equal(Utf8Text.Intern(bytes.AsSpan(start, length)), part);
            Assert.Equal(bytes.AsSpan(start).ToArray(), text.Slice(start).ToArray());
        }
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(-1, 1)]
    [InlineData(4, 0)]
    [InlineData(1, int.MaxValue)]
    public void Slice_Outside_IsRefused(int start, int length) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Utf8Text.Intern("abc").Slice(start, length));

    [Fact]
    public void SplitTrimAndSearch_AgainstStrings()
    {
        Random random = RandomSource.New(output);
        for (int i = 0; i < Rounds; i++)
        {
            using var twin = new TextTwin();
            byte[] bytes = TextTwin.Bytes(random, "a,b \t");
            string plain = Encoding.Latin1.GetString(bytes);
            Utf8Text text = twin.Text(random, bytes);
            var parts = new List<string>();
            foreach (Utf8Text part in text.Split((byte)','))
            {
                parts.Add(part.ToString());
            }

            Assert.Equal(plain.Split(','), parts);
            foreach (StringSplitOptions options in new[] { StringSplitOptions.None,
                StringSplitOptions.RemoveEmptyEntries, StringSplitOptions.TrimEntries, (StringSplitOptions)3 })
            {
                Assert.Equal(plain.Split(',', options), text.Split(',', options).Select(part => part.ToString()));
            }

            Assert.Equal(plain.Trim(), text.Trim().ToString());
            Assert.Equal(plain.Contains("a,", StringComparison.Ordinal), text.Contains("a,"u8));
            Assert.Equal(plain.StartsWith("ab", StringComparison.Ordinal), text.StartsWith("ab"u8));
            Assert.Equal(plain.EndsWith("b ", StringComparison.Ordinal), text.EndsWith("b "u8));
            Assert.Equal(plain.IndexOf(','), text.IndexOf((byte)','));
            Assert.Equal(plain.LastIndexOf(','), text.LastIndexOf((byte)','));
            int field = random.Next(6);
            Assert.Equal(field < parts.Count, text.TryField((byte)',', field, out Utf8Text found));
            Assert.Equal(field < parts.Count ? parts[field] : "", found.ToString());
        }
    }

    [Fact]
    public void Parse_AgainstStrings()
    {
        Random random = RandomSource.New(output);
        for (int i = 0; i < Rounds; i++)
        {
            using var twin = new TextTwin();
            string plain = random.Next(3) switch
            {
                0 => random.NextInt64(long.MinValue, long.MaxValue).ToString(CultureInfo.InvariantCulture),
                1 => Encoding.Latin1.GetString(TextTwin.Bytes(random, "0123456789")),
                _ => Encoding.Latin1.GetString(TextTwin.Bytes(random, "-12 x")),
            };
            Utf8Text text = twin.Text(random, Encoding.Latin1.GetBytes(plain));
            bool isNumber = long.TryParse(plain, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long expected);
            Assert.Equal(isNumber, text.TryParse(out long number));
            Assert.True(!isNumber || number == expected, $"{plain} was parsed as {number}.");
        }

        Assert.True(Utf8Text.Intern("-12.5").TryParse(out double half));
        Assert.Equal(-12.5, half);
        Assert.True(Utf8Text.Intern("0.1").TryParse(out decimal tenth));
        Assert.Equal(0.1m, tenth);
        Assert.False(Utf8Text.Intern("1,5").TryParse(out decimal _));
    }

    [Fact]
    public unsafe void ParseEnd_AgainstAPlainLoop()
    {
        Random random = RandomSource.New(output);
        for (int i = 0; i < Rounds; i++)
        {
            // No, few or many digits, also leading zeros, behind anything: also what differs from a digit in one bit.
            int digits = random.Next(4) switch { 0 => 0, 1 => random.Next(9), 2 => random.Next(17, 21), _ => random.Next(40) };
            byte[] before = new byte[random.Next(3) == 0 ? 0 : random.Next(20)];
            random.NextBytes(before);
            byte[] bytes = [.. before, .. random.Next(2) == 0
                ? "\u00B9/:\u0660p"u8
                    : "x"u8, .. Enumerable.Range(0, digits)
                        .Select(at => (byte)(random.Next(3) == 0 && at < 30 ? '0' : '0' + random.Next(10)))];
            bytes = random.Next(3) == 0 ? bytes[^digits..] : bytes;
            int expectedDigits = bytes.Reverse().TakeWhile(b => b is >= (byte)'0' and <= (byte)'9').Count();
            bool isNumber =
                long.TryParse(Encoding.Latin1.GetString(bytes[^expectedDigits..]), NumberStyles.None,
                    CultureInfo.InvariantCulture, out long expected);

            // At the very end of its memory: nothing behind it may be read.
            using var memory = new GuardedMemory(bytes.Length);
            bytes.CopyTo(memory.Span);
            Utf8Text text = Utf8Text.FromExact(memory.Start, bytes.Length);
            string shown = Convert.ToHexString(bytes);
            Assert.True(isNumber == text.TryParseEnd(out long value, out int found), shown);
            Assert.True(found == expectedDigits, shown);
            Assert.True(value == expected, shown);
            Assert.True(long.TryParse(Encoding.Latin1.GetString(bytes), NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture, out long whole) == text.TryParse(out long parsed), shown);
            Assert.True(whole == parsed, shown);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("fifteen bytes..")]
    [InlineData("sixteen bytes...")]
    [InlineData("grüße aus Köln, 日本 und 🙂")]
    public void Strings_ThereAndBack(string plain)
    {
        Utf8Text text = Utf8Text.Intern(plain);
        Assert.Equal(plain, text.ToString());
        Assert.Equal(plain, $"{text}");
        Assert.Equal(text, Utf8Text.Intern(plain));
        Assert.Equal(plain.Length == 0, text.IsEmpty);
        Assert.Equal(Encoding.UTF8.GetByteCount(plain) <= 15, Utf8Text.TryCreateInline(Encoding.UTF8.GetBytes(plain), out _));
    }

    [Fact]
    public void InvalidUtf8_IsKeptAsBytes()
    {
        Utf8Text text = Utf8Text.Intern([0xFF, 0x61]);
        Assert.Equal("\uFFFDa", text.ToString());
        Assert.Equal([0xFF, 0x61], text.ToArray());
    }
}
