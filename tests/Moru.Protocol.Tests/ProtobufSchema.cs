using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Moru.Protocol.Tests;

/// <summary>The table of protobuf fields and the records say the same.</summary>
public sealed class ProtobufSchema
{
    public static TheoryData<Type> Messages => [.. EnvdSchema.Messages.Keys];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_member_of_a_record_is_a_field_of_its_message(Type type) => AssertSame(type, EnvdSchema.Messages[type]);

    private static void AssertSame(Type type, ProtobufMessage message)
    {
        var members = EnvdJson.Default.GetTypeInfo(type)!.Properties;
        Assert.Equal(members.Select(member => member.Name).Order(), message.Fields.Select(field => field.JsonName).Order());
        Assert.Equal(message.Fields.Length, message.Fields.Select(field => field.Number).Distinct().Count());

        foreach (var member in members)
        {
            var field = message.FieldOrDefault(member.Name)!;
            var held = Nullable.GetUnderlyingType(member.PropertyType) ?? member.PropertyType;
            if (field.IsRepeated) held = held.GetGenericArguments()[0];
            Assert.Contains(held, Holders(field.Kind));
            if (held.IsEnum) AssertSame(held, field.Enum!);
            if (field.Kind == ProtobufKind.Message) AssertSame(held, field.Message!);
            if (field.HasPresence && held != typeof(DateTimeOffset)) Assert.True(CanBeAbsent(member), $"{message.Name}.{field.Name}");
        }

        Type[] Holders(ProtobufKind kind) => kind switch
        {
            ProtobufKind.Text => [typeof(string)],
            ProtobufKind.Bytes => [typeof(ReadOnlyMemory<byte>)],
            ProtobufKind.Bool => [typeof(bool)],
            ProtobufKind.UInt32 => [typeof(uint), typeof(int)],
            ProtobufKind.SInt32 => [typeof(int)],
            ProtobufKind.Int64 => [typeof(long)],
            ProtobufKind.Timestamp => [typeof(DateTimeOffset)],
            ProtobufKind.Map => [typeof(IReadOnlyDictionary<string, string>)],
            ProtobufKind.Enum => [typeof(Signal), typeof(FileType), typeof(EventType)],
            _ => [.. members.Select(member => Nullable.GetUnderlyingType(member.PropertyType) ?? member.PropertyType)
                .Select(member => member.IsGenericType ? member.GetGenericArguments()[0] : member)],
        };
    }

    private static void AssertSame(Type type, ProtobufEnum values) => Assert.Equal(
        Enum.GetValues(type).Cast<object>().Select(value => (JsonSerializer.Serialize(value, EnvdJson.Default.GetTypeInfo(type)!), (int)value)).Order(),
        values.Values.Select(value => ($"\"{value.Name}\"", value.Number)).Order());

    private static bool CanBeAbsent(JsonPropertyInfo member) =>
        !member.PropertyType.IsValueType || Nullable.GetUnderlyingType(member.PropertyType) is not null;
}
