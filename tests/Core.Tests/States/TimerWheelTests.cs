using Xunit.Abstractions;

namespace FastStream.Tests.Core.State;

/// <summary>Timers against a dictionary that knows each number's time: never late, and early only as far as the rounding allows.</summary>
public sealed class TimerWheelTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(3_600_000)]
    public void Random_FilesAndPops_NeverLateAndBarelyEarly(int longest)
    {
        Random random = RandomSource.New(output);
        var wheel = new TimerWheel();
        var times = new Dictionary<int, long>();
        for (long now = 0; now < 5000L * longest / 100; now += random.Next(1, Math.Max(2, longest / 50)))
        {
            int number = random.Next(1000);
            if (!wheel.Has(number))
            {
                long due = now + 1 + random.NextInt64(longest);
                wheel.File(number, due, now);
                times.Add(number, due);
            }

            if (random.Next(4) == 0)
            {
                var expected = new PooledList<int>();
                wheel.CopyDue(now, expected);
                int[] popped = [.. wheel.Pop(now)];
                Assert.Equal(expected.Span.ToArray(), popped);
                foreach (int each in popped)
                {
                    Assert.False(wheel.Has(each));
                    Assert.InRange(times[each], long.MinValue, now + (longest / 64) + 1);
                    times.Remove(each);
                }
            }

            Assert.All(times, pair => Assert.True(wheel.Has(pair.Key)));
            Assert.True(times.Count == 0 || wheel.First <= times.Values.Min());
        }
    }

    [Fact]
    public void File_NextToNow_IsExact()
    {
        var wheel = new TimerWheel();
        for (int number = 0; number < 127; number++)
        {
            wheel.File(number, due: 10_001 + number, now: 10_000);
        }

        for (int number = 0; number < 127; number++)
        {
            Assert.Equal(10_001 + number, wheel.First);
            Assert.Equal([number], [.. wheel.Pop(10_001 + number)]);
        }

        Assert.Null(wheel.First);
    }

    [Fact]
    public void KeysTouchedAllTheTime_TakeFewSlotsAndNoMemoryForATouch()
    {
        // A time-out of a day at batches of a millisecond: each key comes back a few times a day, whatever is touched.
        const long Day = 86_400_000;
        var wheel = new TimerWheel();
        long looks = 0;
        for (int number = 0; number < 100; number++)
        {
            wheel.File(number, Day + 1, 0);
        }

        for (long now = 1; now < 3 * Day; now += 997)
        {
            foreach (int number in wheel.Pop(now))
            {
                looks++;
                wheel.File(number, now + Day + 1, now);   // touched just now
            }
        }

        Assert.InRange(looks, 200, 100 * 3 * 2);
    }
}
